import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { BadInputError } from '../errors.ts';
import type { AccessOptions } from './options.ts';

type TlsOptions = NonNullable<AccessOptions['tls']>;

/** What doors show, and whom they ask for theirs: PEM texts. */
export interface ServingTls {
  cert: Buffer;
  key: Buffer;
  clientCa: Buffer | undefined;
  /** When the certificate ends. */
  goodUntil: Date;
}

const CURE = 'Make another with `ringwatt certs --server NAME --renew`, or get one from who signs yours.';
const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Reads and checks all of it: what a client would stumble over later is said here. */
export async function readServingTls(options: TlsOptions): Promise<ServingTls> {
  // One after another: of two that are missing the same one is always told of.
  const cert = await read(options.cert, '--tls-cert');
  const key = await read(options.key, '--tls-key');
  const clientCa =
    options.clientCa === undefined ? undefined : await read(options.clientCa, '--tls-client-ca');
  await refuseOpenKey(options.key);
  const [own] = certificatesOf(cert, options.cert);
  const goodUntil = requireInDate(own!, options.cert);
  const pair = privateKeyOf(key, options.key);
  if (!own!.checkPrivateKey(pair)) {
    throw new BadInputError(
      `The key in ${options.key} is not that of the certificate in ${options.cert}.`,
      CURE,
    );
  }
  if (clientCa) {
    for (const each of certificatesOf(clientCa, options.clientCa!)) requireInDate(each, options.clientCa!);
  }
  try {
    // What is left, such as a key too short for today.
    createSecureContext({ cert, key, ...(clientCa && { ca: clientCa }), minVersion: 'TLSv1.2' });
  } catch (error) {
    throw new BadInputError(`TLS cannot use ${options.cert}: ${(error as Error).message}.`, CURE, {
      cause: error,
    });
  }
  return { cert, key, clientCa, goodUntil };
}

/** Changes when any of the files does. */
export async function tlsFilesIdentity({ cert, key, clientCa }: TlsOptions): Promise<string> {
  const paths = [cert, key, ...(clientCa === undefined ? [] : [clientCa])];
  const identities = paths.map(async (path) => {
    const found = await stat(resolve(path), { bigint: true }).catch(() => undefined);
    return found ? `${found.ino} ${found.size} ${found.mtimeNs}` : 'gone';
  });
  return (await Promise.all(identities)).join('|');
}

async function read(path: string, flag: string): Promise<Buffer> {
  try {
    return await readFile(resolve(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new BadInputError(
      `${path} cannot be read (${code}).`,
      `Name a PEM file that this user may read with ${flag}; \`ringwatt certs --server NAME\` makes them.`,
      { cause: error },
    );
  }
}

async function refuseOpenKey(path: string): Promise<void> {
  const { mode } = await stat(resolve(path));
  // A group may read it, as in the secrets that Kubernetes mounts for a group; the whole machine may not.
  if ((mode & 0o007) === 0) return;
  throw new BadInputError(
    `Every user of this machine may read ${path} (mode ${(mode & 0o777).toString(8)}).`,
    `If nobody has: \`chmod 600 ${path}\`. Otherwise get another key.`,
  );
}

function certificatesOf(pem: Buffer, path: string): X509Certificate[] {
  const blocks = pem.toString('latin1').match(PEM) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new BadInputError(`${path} holds a damaged certificate.`, CURE, { cause: error });
  }
  throw new BadInputError(
    `${path} holds no certificate.`,
    'Name a PEM file, which begins with BEGIN CERTIFICATE.',
  );
}

function privateKeyOf(pem: Buffer, path: string) {
  try {
    const key = createPrivateKey(pem);
    createPublicKey(key);
    return key;
  } catch (error) {
    throw new BadInputError(
      `${path} is no private key without a passphrase.`,
      'Name a PEM file, which begins with BEGIN PRIVATE KEY.',
      { cause: error },
    );
  }
}

function requireInDate({ validFromDate, validToDate }: X509Certificate, path: string): Date {
  const now = Date.now();
  if (validToDate.getTime() < now) {
    throw new BadInputError(`The certificate in ${path} expired at ${validToDate.toISOString()}.`, CURE);
  }
  if (validFromDate.getTime() > now) {
    throw new BadInputError(
      `The certificate in ${path} is good from ${validFromDate.toISOString()} on only.`,
      'Wait until then, or set the clock of this host right.',
    );
  }
  return validToDate;
}
