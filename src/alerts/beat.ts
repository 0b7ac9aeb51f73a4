import { z } from 'zod';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import type { Home } from '../lake/home.ts';
import { jsonOf, textIfThere } from '../lake/text-file.ts';

/** Says that somebody watches: written at every look. */
export const WATCHDOG_URI = 'alerts/watchdog.json';

const beat = z.object({ at: z.string(), schedules: z.number(), late: z.number() });
export type Beat = z.infer<typeof beat>;

export const writeBeat = (home: Home, said: Beat): Promise<void> =>
  writeFileAtomic(home.path(WATCHDOG_URI), `${JSON.stringify(said)}\n`);

/** Undefined where nobody has watched yet. */
export async function readBeat(home: Home): Promise<Beat | undefined> {
  const text = await textIfThere(home.path(WATCHDOG_URI));
  const parsed = beat.safeParse(jsonOf(text ?? ''));
  return parsed.success ? parsed.data : undefined;
}
