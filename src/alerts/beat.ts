import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import type { Home } from '../lake/home.ts';

/** Says that somebody watches: written at every look. */
export const WATCHDOG_URI = 'alerts/watchdog.json';

const beat = z.object({ at: z.string(), schedules: z.number(), late: z.number() });
export type Beat = z.infer<typeof beat>;

export const writeBeat = (home: Home, said: Beat): Promise<void> =>
  writeFileAtomic(home.path(WATCHDOG_URI), `${JSON.stringify(said)}\n`);

/** Undefined where nobody has watched yet. */
export async function readBeat(home: Home): Promise<Beat | undefined> {
  const text = await readFile(home.path(WATCHDOG_URI), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const parsed = z.preprocess(jsonOf, beat).safeParse(text);
  return parsed.success ? parsed.data : undefined;
}

function jsonOf(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
