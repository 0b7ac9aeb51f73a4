import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileOnce } from '../src/lake/atomic-write.ts';
import type { Home } from '../src/lake/home.ts';

const TOKEN_FILE = 'run/ring-token';

/**
 * The secret that the links of a run prove they know. It is derived from a file that only this user can read, so that
 * it never travels through Temporal, whose histories others may read.
 */
export async function ringToken(home: Home, runId: string): Promise<string> {
  const path = home.path(TOKEN_FILE);
  const secret = await readFile(path, 'utf8').catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    await writeFileOnce(path, randomBytes(32).toString('hex'));
    // Slots start together: what the first of them wrote is everybody's.
    return readFile(path, 'utf8');
  });
  return createHmac('sha256', secret).update(runId).digest('hex');
}
