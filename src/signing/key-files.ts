import { readdir } from 'node:fs/promises';
import { CorruptArtifactError } from '../errors.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import type { Home } from '../lake/home.ts';
import { unlessGone } from '../lake/storage-failure.ts';
import { jsonOf, textIfThere } from '../lake/text-file.ts';
import { publicKeyFile, publicKeyOf, type PublicKeyFile } from './key.ts';

/** Only this file is secret; `src/upkeep/backup.ts` leaves it out unless it is asked for. */
export const PRIVATE_KEY_URI = 'keys/home.key';
export const PUBLIC_KEY_URI = 'keys/home.pub.json';
export const TRUSTED_FOLDER = 'keys/trusted';

/** Undefined when it is not there. */
export async function readPublicKeyFile(home: Home, uri: string): Promise<PublicKeyFile | undefined> {
  const text = await textIfThere(home.path(uri));
  return text === undefined ? undefined : parsePublicKeyFile(text, uri);
}

/** `where` is how a refusal names it. */
export function parsePublicKeyFile(text: string, where: string): PublicKeyFile {
  const parsed = publicKeyFile.safeParse(jsonOf(text));
  if (!parsed.success || publicKeyOf(parsed.data) === undefined) throw damaged(where);
  return parsed.data;
}

export const writePublicKeyFile = (home: Home, uri: string, file: PublicKeyFile): Promise<void> =>
  writeFileAtomic(home.path(uri), `${JSON.stringify(file, undefined, 2)}\n`);

/** Whom this home believes besides itself: its own keys of earlier, and those that somebody brought in. */
export async function trustedKeyFiles(home: Home): Promise<PublicKeyFile[]> {
  const folder = home.path(TRUSTED_FOLDER);
  const names = await readdir(folder).catch(unlessGone<string[]>(folder, []));
  const files = names
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => readPublicKeyFile(home, `${TRUSTED_FOLDER}/${name}`));
  return (await Promise.all(files)).filter((file) => file !== undefined);
}

export const trustedUri = (id: string) => `${TRUSTED_FOLDER}/${id}.json`;

const damaged = (uri: string) =>
  new CorruptArtifactError(`${uri} is no public key.`, 'Restore it from a backup, or remove it.');
