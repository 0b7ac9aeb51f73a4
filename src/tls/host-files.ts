import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { isIP, isIPv4 } from 'node:net';
import { join } from 'node:path';
import { BadInputError } from '../errors.ts';
import { readFailure } from '../lake/storage-failure.ts';

/** What one host proves itself with, and the authority that it asks others to be proved by: PEM texts. */
export interface RingTls {
  ca: string;
  cert: string;
  key: string;
}

/** The files of a host in its folder; `ringwatt certs` makes them. */
export const TLS_FILES = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' } as const;

/** What stays on this machine needs no TLS: whoever could listen in could read the token and the weights as well. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/** The files of a host out of `<folder>/<host>`, or what is wrong with them, in words that lead to the cure. */
export async function readRingTls(folder: string, host: string): Promise<RingTls> {
  const place = join(folder, host);
  const ca = await read(place, TLS_FILES.ca, host);
  const cert = await read(place, TLS_FILES.cert, host);
  const key = await read(place, TLS_FILES.key, host);
  await refuseOpenKey(join(place, TLS_FILES.key));
  checkCertificate({ ca, cert, key }, place, host);
  return { ca, cert, key };
}

async function read(place: string, name: string, host: string): Promise<string> {
  const path = join(place, name);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw readFailure(error, path) ?? error;
    throw new BadInputError(
      `Links to other hosts are mutual TLS, and ${host} has no ${name} in ${place}.`,
      `Run \`ringwatt certs --hosts ${host}\` where your authority is and put the folder it names there, or set RINGWATT_TLS.`,
    );
  }
}

async function refuseOpenKey(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return;
  throw new BadInputError(
    `Others than its user may read ${path} (mode ${(mode & 0o777).toString(8)}).`,
    `If nobody has: \`chmod 600 ${path}\`. Otherwise make another with \`ringwatt certs --renew\`.`,
  );
}

function checkCertificate(files: RingTls, place: string, host: string): void {
  const ca = parse(() => new X509Certificate(files.ca), place, TLS_FILES.ca, host);
  const cert = parse(() => new X509Certificate(files.cert), place, TLS_FILES.cert, host);
  const key = parse(() => createPrivateKey(files.key), place, TLS_FILES.key, host);
  const refuse = (what: string): never => {
    throw new BadInputError(`The certificate in ${place} ${what}.`, renewal(host));
  };
  if (!cert.checkIssued(ca) || !cert.verify(ca.publicKey))
    refuse(`was not made by the authority in ${TLS_FILES.ca} beside it`);
  if (!cert.checkPrivateKey(key)) refuse(`does not fit the key in ${TLS_FILES.key} beside it`);
  for (const each of [cert, ca]) {
    if (each.validToDate.getTime() < Date.now()) refuse(`expired: it was good until ${each.validTo}`);
    if (each.validFromDate.getTime() > Date.now())
      refuse(`is good from ${each.validFrom} on only: the clock of this host may be wrong`);
  }
  const named = isIP(host) ? cert.checkIP(host) : cert.checkHost(host);
  if (named === undefined) refuse(`is for ${cert.subjectAltName ?? 'nobody'}, not for ${host}`);
}

function parse<T>(from: () => T, place: string, name: string, host: string): T {
  try {
    return from();
  } catch (error) {
    throw new BadInputError(`${join(place, name)} is no PEM file of its kind.`, renewal(host), {
      cause: error,
    });
  }
}

const renewal = (host: string) =>
  `Make another with \`ringwatt certs --hosts ${host} --renew\` where your authority is.`;
