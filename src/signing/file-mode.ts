import { stat } from 'node:fs/promises';
import type { Home } from '../lake/home.ts';
import { unlessGone } from '../lake/storage-failure.ts';
import { PRIVATE_KEY_URI } from './key-files.ts';

const OTHERS = 0o077;

/**
 * Whether other users of the machine may read or change the home's private key; null where they may not, or there is
 * none. It goes on signing: where a file system knows no modes, nothing can be done about it.
 */
export async function openToOthers(home: Home): Promise<{ says: string; cure: string } | null> {
  const path = home.path(PRIVATE_KEY_URI);
  const found = await stat(path).catch(unlessGone(path, undefined));
  if (found === undefined || (found.mode & OTHERS) === 0) return null;
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  return {
    says: `Other users of this machine may use the private key ${path}: its mode is ${mode}.`,
    cure: `Run \`chmod 600 ${path}\`. Where somebody may have copied it, remove it: a new one is made, and the old public one stays trusted for what it signed.`,
  };
}
