import { createHmac, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { BadInputError } from '../errors.ts';
import { writeFileOnce } from './atomic-write.ts';
import type { Home } from './home.ts';

const TOKEN_FILE = 'run/ring-token';

/**
 * The secret that the links of a run prove they know. It is derived from a file that only this user can read, so that
 * it never travels through Temporal, whose histories others may read. Hosts that train together share their home, and
 * with it this file.
 */
export async function ringToken(home: Home, runId: string): Promise<string> {
  const path = home.path(TOKEN_FILE);
  const secret = await readFile(path, 'utf8').catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    await writeFileOnce(path, randomBytes(32).toString('hex'));
    // Slots start together: what the first of them wrote is everybody's.
    return readFile(path, 'utf8');
  });
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new BadInputError(
      `Others than its user may read ${path} (mode ${(mode & 0o777).toString(8)}), by which slots know each other.`,
      'Stop the services and remove it; another is made. It is no secret any more.',
    );
  }
  return createHmac('sha256', secret).update(runId).digest('hex');
}
