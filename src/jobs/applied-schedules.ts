import { appliedSchedules, type AppliedSchedule } from '../contracts/schedules.ts';
import { CorruptArtifactError } from '../errors.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { withLock } from '../lake/file-lock.ts';
import type { Home } from '../lake/home.ts';
import { readDocument, textIfThere } from '../lake/text-file.ts';

const URI = 'schedules.json';

/** What the server was told last; nothing where nobody ever applied anything. */
export async function readAppliedSchedules({ home }: { home: Home }): Promise<AppliedSchedule[]> {
  return (await readDocument(home, URI, appliedSchedules, damaged))?.schedules ?? [];
}

/** Whether anybody ever applied anything; who removes all schedules leaves an empty list. */
export const isListThere = async ({ home }: { home: Home }): Promise<boolean> =>
  (await textIfThere(home.path(URI))) !== undefined;

/** Changes `schedules.json` while nobody else does. */
export async function changeAppliedSchedules(
  { home }: { home: Home },
  change: (before: AppliedSchedule[]) => AppliedSchedule[],
): Promise<void> {
  await withLock(home.path('locks', URI), URI, async () => {
    const schedules = change(await readAppliedSchedules({ home }));
    schedules.sort((a, b) => (a.id < b.id ? -1 : 1));
    const content = `${JSON.stringify({ formatVersion: 1, schedules }, null, 2)}\n`;
    await writeFileAtomic(home.path(URI), content);
  });
}

const damaged = (what: string) =>
  new CorruptArtifactError(
    `${URI} of the home cannot be read: ${what}.`,
    'Delete it and run `schedules apply`.',
  );
