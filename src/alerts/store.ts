import { randomUUID } from 'node:crypto';
import { CorruptArtifactError, describeIssues, RingwattError } from '../errors.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { withLock } from '../lake/file-lock.ts';
import type { Home } from '../lake/home.ts';
import { jsonOf, textIfThere } from '../lake/text-file.ts';
import { appendAudit } from '../audit/append.ts';
import { alertState, bounded, emptyState, type AlertState } from './state.ts';

export const STATE_URI = 'alerts/state.json';

export async function readAlerts(home: Home): Promise<AlertState> {
  const path = home.path(STATE_URI);
  const text = await textIfThere(path);
  if (text === undefined) return emptyState(randomUUID());
  const parsed = alertState.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new CorruptArtifactError(
    `${path} is no state of alerts: ${describeIssues(parsed.error.issues.slice(0, 3))}.`,
    'Restore it from a backup, or move it away: what fires is then told once more.',
  );
}

/**
 * Changes the state while nobody else does, workers, watchdog or command line. What is written is on the disk before
 * anything of it is sent or told to the audit, so that a process that dies in between has nothing to forget.
 */
export async function changeAlerts<Result>(
  home: Home,
  change: (state: AlertState) => { state: AlertState; result: Result },
): Promise<Result> {
  const path = home.path(STATE_URI);
  return withLock(path, "the home's alerts", async () => {
    const before = await readAlerts(home);
    const { state, result } = change(before);
    const after = bounded(state);
    if (JSON.stringify(after) !== JSON.stringify(before))
      await writeFileAtomic(path, `${JSON.stringify(after)}\n`);
    return result;
  });
}

/**
 * Hands the audit what it has not heard of. It takes the same event twice as one, so this may die anywhere. Answers why
 * it could not, where it could not: people are told of what fires while the audit is damaged, and of that as well.
 */
export async function tellAudit(home: Home): Promise<string | null> {
  const { unaudited } = await readAlerts(home);
  if (unaudited.length === 0) return null;
  try {
    for (const event of unaudited) await appendAudit(home, event);
  } catch (error) {
    if (error instanceof RingwattError) return error.line;
    throw error;
  }
  const told = new Set(unaudited.map(({ id }) => id));
  await changeAlerts(home, (state) => ({
    state: { ...state, unaudited: state.unaudited.filter(({ id }) => !told.has(id)) },
    result: undefined,
  }));
  return null;
}
