import { randomBytes, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BadInputError, MissingDataError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { readFailure } from '../lake/storage-failure.ts';
import { makeCertificate, readSigner, type Signer } from './certificate.ts';
import { placeFolder } from './place-folder.ts';

/** Where the authority lies, and nowhere else: who has its key can make certificates for any host. */
export const AUTHORITY_FOLDER = 'tls-authority';
const CA = 'ca.pem';
const KEY = 'ca-key.pem';
/** Longer than a cluster keeps its hosts; a new one means new certificates everywhere at once. */
const AUTHORITY_DAYS = 3650;

export interface Authority {
  folder: string;
  /** Whether this call made it. */
  made: boolean;
  ca: string;
  goodUntil: Date;
  signer: Signer;
}

/** The home's own authority; made at the first call, and the same for ever. */
export async function openAuthority(home: Home): Promise<Authority> {
  const folder = home.path(AUTHORITY_FOLDER);
  const there = await readAuthority(folder);
  if (there) return { ...there, made: false };
  // A name of its own: hosts of two authorities then say so, instead of complaining about signatures.
  const name = `ringwatt authority ${randomBytes(4).toString('hex')}`;
  const { key, cert } = await makeCertificate({ name, days: AUTHORITY_DAYS });
  const made = await placeFolder(folder, { [CA]: cert, [KEY]: key });
  const authority = await readAuthority(folder);
  if (!authority)
    throw new MissingDataError(`The authority that was written to ${folder} is gone.`, 'Try again.');
  return { ...authority, made };
}

async function readAuthority(folder: string): Promise<Omit<Authority, 'made'> | undefined> {
  const [ca, key] = await Promise.all([readKept(join(folder, CA)), readKept(join(folder, KEY))]);
  if (ca === undefined && key === undefined) return undefined;
  const cure = `Bring both files back from a backup, or remove ${folder} and make all hosts' certificates anew.`;
  if (ca === undefined || key === undefined) {
    throw new BadInputError(`The authority in ${folder} lacks ${ca === undefined ? CA : KEY}.`, cure);
  }
  const certificate = parsed(ca, folder, cure);
  if (certificate.validToDate.getTime() < Date.now()) {
    throw new BadInputError(
      `The authority in ${folder} was good until ${certificate.validTo}.`,
      `Remove ${folder} and make all hosts' certificates anew.`,
    );
  }
  const name = certificate.subject.replace(/^CN=/, '');
  const publicKey = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return {
    folder,
    ca,
    goodUntil: certificate.validToDate,
    signer: await readSigner(name, key, publicKey),
  };
}

function parsed(ca: string, folder: string, cure: string): X509Certificate {
  try {
    return new X509Certificate(ca);
  } catch (error) {
    throw new BadInputError(`${join(folder, CA)} is no certificate.`, cure, { cause: error });
  }
}

async function readKept(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw readFailure(error, path) ?? error;
  }
}
