import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CorruptArtifactError } from '../errors.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { withLock } from '../lake/file-lock.ts';
import type { Home } from '../lake/home.ts';
import { textIfThere } from '../lake/text-file.ts';
import { keyIdOf, publicKeyOf, signBytes, spkiOf, type PublicKeyFile, type Purpose } from './key.ts';
import {
  PRIVATE_KEY_URI,
  PUBLIC_KEY_URI,
  readPublicKeyFile,
  trustedKeyFiles,
  trustedUri,
  writePublicKeyFile,
} from './key-files.ts';

export interface HomeKey {
  keyId: string;
  createdAt: string;
  sign(purpose: Purpose, bytes: string | Uint8Array): string;
}

/**
 * The home's own key, made at first use. Where only its public half is there, as after a restore, a new one takes its
 * place and the old one stays trusted: what it signed goes on being believed.
 */
export async function homeKey(home: Home): Promise<HomeKey> {
  return (await existingKey(home)) ?? (await makeKey(home));
}

/** The public halves of the key of now and of those of earlier; none before first use. */
export async function ownKeyFiles(home: Home): Promise<PublicKeyFile[]> {
  return (await keyFiles(home)).filter(({ origin }) => origin !== 'imported');
}

/** What the home's own signatures are checked by. */
export const ownKeys = async (home: Home): Promise<Map<string, KeyObject>> => asMap(await ownKeyFiles(home));

/** What the signatures of models are checked by. */
export const trustedKeys = async (home: Home): Promise<Map<string, KeyObject>> => asMap(await keyFiles(home));

/** Own keys and those of others, the key of now first. */
export async function keyFiles(home: Home): Promise<PublicKeyFile[]> {
  const own = await readPublicKeyFile(home, PUBLIC_KEY_URI);
  return [...(own ? [own] : []), ...(await trustedKeyFiles(home))];
}

const asMap = (files: PublicKeyFile[]) => new Map(files.map((file) => [file.keyId, publicKeyOf(file)!]));

async function existingKey(home: Home): Promise<HomeKey | undefined> {
  const text = await textIfThere(home.path(PRIVATE_KEY_URI));
  const file = await readPublicKeyFile(home, PUBLIC_KEY_URI);
  if (text === undefined || file === undefined) return undefined;
  const key = privateKeyOf(text);
  if (keyIdOf(createPublicKey(key)) !== file.keyId) {
    // Who died while a new key took the place of the old one had put the old one among the trusted first.
    if (await readPublicKeyFile(home, trustedUri(file.keyId))) return undefined;
    throw new CorruptArtifactError(
      `${PRIVATE_KEY_URI} and ${PUBLIC_KEY_URI} are not of one pair.`,
      `Restore both from where they belong together, or remove ${PRIVATE_KEY_URI}: a new key is made, and the public one stays trusted.`,
    );
  }
  return {
    keyId: file.keyId,
    createdAt: file.createdAt,
    sign: (purpose, bytes) => signBytes(key, purpose, bytes),
  };
}

const makeKey = (home: Home): Promise<HomeKey> =>
  withLock(home.path('keys/.changes'), 'the keys of the home', async () => {
    const meanwhile = await existingKey(home);
    if (meanwhile) return meanwhile;
    const before = await readPublicKeyFile(home, PUBLIC_KEY_URI);
    const left = await textIfThere(home.path(PRIVATE_KEY_URI));
    if (before && left === undefined) {
      await writePublicKeyFile(home, trustedUri(before.keyId), {
        ...before,
        origin: 'former',
        note: 'of this home, until its private half was no longer there',
      });
    }
    // A process that died between the two files left a private key that nothing was signed with yet.
    const key = left === undefined ? generateKeyPairSync('ed25519').privateKey : privateKeyOf(left);
    const publicKey = createPublicKey(key);
    if (left === undefined) {
      const pem = key.export({ type: 'pkcs8', format: 'pem' });
      await writeFileAtomic(home.path(PRIVATE_KEY_URI), pem);
    }
    await writePublicKeyFile(home, PUBLIC_KEY_URI, {
      keyId: keyIdOf(publicKey),
      algorithm: 'ed25519',
      publicKey: spkiOf(publicKey).toString('base64'),
      createdAt: new Date().toISOString(),
      origin: 'own',
      note: '',
    });
    return (await existingKey(home))!;
  });

/** Says nothing of what stands in the file, which is a secret. */
function privateKeyOf(text: string): KeyObject {
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below.
  }
  throw new CorruptArtifactError(
    `${PRIVATE_KEY_URI} is no ed25519 key.`,
    'Restore it, or remove it: a new one is made, and the public one stays trusted.',
  );
}
