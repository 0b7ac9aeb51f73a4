import { readFile } from 'node:fs/promises';
import { appliedSchedules, type AppliedSchedule } from '../contracts/schedules.ts';
import { CorruptArtifactError, describeIssues } from '../errors.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { withLock } from '../lake/file-lock.ts';
import type { Home } from '../lake/home.ts';
import { readFailure } from '../lake/storage-failure.ts';

const URI = 'schedules.json';

/** What the server was told last; nothing where nobody ever applied anything. */
export async function readAppliedSchedules({ home }: { home: Home }): Promise<AppliedSchedule[]> {
  const path = home.path(URI);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw readFailure(error, path) ?? error;
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw damaged('it is not JSON');
  }
  const parsed = appliedSchedules.safeParse(json);
  if (!parsed.success) throw damaged(describeIssues(parsed.error.issues));
  return parsed.data.schedules;
}

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
