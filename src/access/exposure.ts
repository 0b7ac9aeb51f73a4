import { BadInputError } from '../errors.ts';
import { isLoopback } from '../tls/host-files.ts';
import type { AccessOptions } from './options.ts';

/** Where others can come in, they must be asked who they are, and what they say must not be readable on the way. */
export function requireSafeExposure(options: AccessOptions, keys: 'none' | 'some good' | 'none good'): void {
  const { host, oidc, tls, certificateRoles, insecurePlaintext } = options;
  if (certificateRoles !== undefined && tls?.clientCa === undefined) {
    throw new BadInputError(
      'Roles of client certificates were given, and no authority that they must come from.',
      'Say --tls-client-ca too, or leave out --certificate-roles.',
    );
  }
  if (isLoopback(host)) return;
  if (keys !== 'some good' && oidc === undefined && certificateRoles === undefined) {
    throw new BadInputError(
      `--host ${host} would let other machines in, and nobody could say who they are.`,
      'Make a key with `ringwatt api-key create NAME --role viewer`, or say --oidc-issuer and --oidc-audience, or --tls-client-ca and --certificate-roles.',
    );
  }
  if (tls === undefined && !insecurePlaintext) {
    throw new BadInputError(
      `--host ${host} without TLS would send keys and forecasts readable to all on the way.`,
      'Say --tls-cert and --tls-key (`ringwatt certs --server NAME` makes both), or --insecure-plaintext where a proxy before it does TLS.',
    );
  }
}
