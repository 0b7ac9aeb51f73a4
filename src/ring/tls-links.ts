import { constants } from 'node:crypto';
import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls';
import { BadInputError } from '../errors.ts';
import type { RingTls } from '../tls/host-files.ts';
import type { Link } from './transport.ts';

const ONLY = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const;

/** Our authority alone, never the system's; the name is checked against the address that is called. */
export const clientOptions = ({ ca, cert, key }: RingTls): ConnectionOptions => ({ ...ONLY, ca, cert, key });

/**
 * A caller without a good certificate gets through the handshake and no further, so that it can be told what is wrong
 * with it (`refuseUncertified`). No session is ever resumed: a resumed one asks for no certificate.
 */
export const serverOptions = ({ ca, cert, key }: RingTls): TlsOptions => ({
  ...ONLY,
  ca,
  cert,
  key,
  requestCert: true,
  rejectUnauthorized: false,
  secureOptions: constants.SSL_OP_NO_TICKET,
});

const OTHER_AUTHORITY = 'comes from another authority';
/** How OpenSSL and Node call what a certificate can have against it, and what that means between hosts of a ring. */
const REASONS: Record<string, string> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not yet good: one of the two clocks may be wrong',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another name or address',
  DEPTH_ZERO_SELF_SIGNED_CERT: OTHER_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: OTHER_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: OTHER_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: OTHER_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: OTHER_AUTHORITY,
  CERT_SIGNATURE_FAILURE: OTHER_AUTHORITY,
  INVALID_PURPOSE: 'is not one for a host of a ring',
};
const CURE =
  'All hosts of a ring have certificates of one authority, each for its own address: `ringwatt certs` makes them, see docs/several-hosts.md.';

/** A failed handshake as what people can do about it; undefined where the network is to blame. */
export function refusalOf(error: Error, address: string): BadInputError | undefined {
  const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ''];
  return reason === undefined
    ? undefined
    : new BadInputError(`The certificate of the slot at ${address} ${reason}.`, CURE, { cause: error });
}

/** What the slot at `address`, which has proved itself, has against our certificate. */
export const refusedBy = (address: string, code: string): BadInputError =>
  new BadInputError(
    `The slot at ${address} refuses our certificate: it ${REASONS[code] ?? 'is not good'}.`,
    CURE,
  );

/** Throws, once the caller has been told why, unless it has shown a certificate of our authority on this connection. */
export async function refuseUncertified(socket: TLSSocket, link: Link): Promise<void> {
  if (socket.authorized && !socket.isSessionReused()) return;
  const code = String(socket.authorizationError ?? 'no certificate');
  await link.send('refused', 0, Buffer.from(code, 'latin1'));
  // A destroyed socket sends nothing more.
  await new Promise<void>((done) => socket.end(done));
  throw new Error(`its certificate ${REASONS[code] ?? `is not good (${code})`}`);
}
