import { appendAudit } from '../audit/append.ts';
import { BadInputError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { keyFiles } from '../signing/home-key.ts';
import { parsePublicKeyFile, trustedUri, writePublicKeyFile } from '../signing/key-files.ts';
import type { PublicKeyFile } from '../signing/key.ts';
import { withModelLock } from './lock.ts';
import { signVersion } from './versions.ts';

interface By {
  by: string;
  reason: string;
}

export type SignedModel = Awaited<ReturnType<typeof signVersion>> & { name: string; version: number };

/** A person vouches for a version: of a home from before versions were signed, or of another home. */
export async function signModel(
  home: Home,
  { name, version, by, reason }: By & { name: string; version: number },
): Promise<SignedModel> {
  return withModelLock(home, name, async () => {
    const done = await signVersion(home, { name, version });
    if (done.signed) {
      await appendAudit(home, {
        ...{
          at: new Date().toISOString(),
          who: by,
          identity: 'claimed',
          what: 'signed',
          why: reason,
          from: 'cli',
        },
        subject: `model/${name}`,
        details: { version, sha256: done.sha256, keyId: done.keyId, before: done.before },
      });
    }
    return { name, version, ...done };
  });
}

/** From here on models that were signed by this key are loaded. `text` is the `home.pub.json` of another home. */
export async function trustKey(
  home: Home,
  { text, from, by, reason }: By & { text: string; from: string },
): Promise<PublicKeyFile> {
  const { keyId, publicKey, createdAt, algorithm } = parsePublicKeyFile(text, from);
  if ((await keyFiles(home)).some((known) => known.keyId === keyId)) {
    throw new BadInputError(`This home trusts the key ${keyId} already.`, 'See `models keys`.');
  }
  const file = { keyId, algorithm, publicKey, createdAt, origin: 'imported' as const, note: reason };
  await appendAudit(home, {
    ...{
      at: new Date().toISOString(),
      who: by,
      identity: 'claimed',
      what: 'key-trusted',
      why: reason,
      from: 'cli',
    },
    ...{ subject: `key/${keyId}`, details: { keyId, publicKey } },
  });
  await writePublicKeyFile(home, trustedUri(keyId), file);
  return file;
}
