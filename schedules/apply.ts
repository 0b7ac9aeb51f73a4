import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  type Client,
  type ScheduleDescription,
} from '@temporalio/client';
import type { AuditEvent } from '../src/contracts/audit.ts';
import type { RetrainingConfig } from '../src/contracts/retraining.ts';
import type { AppliedSchedule } from '../src/contracts/schedules.ts';
import { appendAudit } from '../src/audit/append.ts';
import { changeAppliedSchedules, readAppliedSchedules } from '../src/jobs/applied-schedules.ts';
import type { Home } from '../src/lake/home.ts';
import { definitionsOf, ownerOf, RETIRED, type ScheduleDefinition } from './schedule.ts';
import { isAsDefined, optionsOf } from './server-form.ts';

/** Who changes schedules, for the audit. */
export interface Actor {
  home: Home;
  by: string;
  reason: string;
}

export interface Applied {
  created: string[];
  updated: string[];
  unchanged: string[];
  /** No longer wanted, and gone. */
  removed: string[];
  /** On the server, of models that no file names. */
  left: string[];
  paused: string[];
}

/**
 * Makes the server's schedules those of the configurations: creates, updates what differs, leaves alone what does not.
 * Whether somebody has paused a schedule stays as it is. Schedules of models that no configuration names are reported,
 * and removed where `prune` says so; those of earlier homes are removed.
 */
export async function applySchedules(
  client: Client,
  configs: readonly RetrainingConfig[],
  { prune = false, ...actor }: Actor & { prune?: boolean },
): Promise<Applied> {
  const definitions = configs.flatMap(definitionsOf);
  const done: Applied = { created: [], updated: [], unchanged: [], removed: [], left: [], paused: [] };
  const applied = await readAppliedSchedules(actor);
  const before = await candidates(client, applied);
  for (const definition of definitions) {
    const change = await applyOne(client, definition);
    done[change.kind].push(definition.id);
    if (change.paused) done.paused.push(definition.id);
    if (change.kind !== 'unchanged')
      await audit(actor, `schedule-${change.kind}`, definition.id, detailsOf(definition));
  }
  for (const id of before) {
    if (definitions.some((definition) => definition.id === id)) continue;
    if (!(await described(client, id))) continue;
    if (!prune && !RETIRED.includes(id)) {
      done.left.push(id);
      continue;
    }
    await remove(client, id);
    done.removed.push(id);
    await audit(actor, 'schedule-removed', id);
  }
  await changeAppliedSchedules(actor, (known) => [
    ...known.filter(({ id }) => done.left.includes(id)),
    ...definitions.map((definition) => appliedOf(definition, done, known)),
  ]);
  return done;
}

async function applyOne(
  client: Client,
  definition: ScheduleDefinition,
): Promise<{ kind: 'created' | 'updated' | 'unchanged'; paused: boolean }> {
  const options = optionsOf(definition);
  const found = await described(client, definition.id);
  if (!found) {
    try {
      await client.schedule.create(options);
      return { kind: 'created', paused: false };
    } catch (error) {
      // Somebody else applies at the same time.
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  }
  const { paused = false } = found?.state ?? {};
  if (found && isAsDefined(definition, found)) return { kind: 'unchanged', paused };
  const { spec, action, policies } = options;
  await client.schedule.getHandle(definition.id).update(({ state }) => ({
    spec,
    action,
    policies,
    // The note of a pause says why it is paused.
    state: state.paused ? state : { ...state, note: definition.note },
  }));
  return { kind: 'updated', paused };
}

async function described(client: Client, id: string): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(id).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** Ids of what may be ours on the server; its list may be some seconds behind. */
async function candidates(client: Client, applied: readonly AppliedSchedule[]): Promise<string[]> {
  const ids = new Set<string>();
  for await (const { scheduleId, action } of client.schedule.list()) {
    if (ownerOf(scheduleId, action?.workflowType)) ids.add(scheduleId);
  }
  return [...new Set([...ids, ...RETIRED, ...applied.map(({ id }) => id)])].sort();
}

async function remove(client: Client, id: string): Promise<void> {
  try {
    await client.schedule.getHandle(id).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

function appliedOf(
  { id, model, job, cron, timeZone, catchUpHours }: ScheduleDefinition,
  done: Applied,
  known: readonly AppliedSchedule[],
): AppliedSchedule {
  const before = known.find((schedule) => schedule.id === id);
  const stays = before && done.unchanged.includes(id);
  const appliedAt = stays ? before.appliedAt : new Date().toISOString();
  return { id, model, job, cron, timeZone, paused: done.paused.includes(id), catchUpHours, appliedAt };
}

const detailsOf = ({
  cron,
  timeZone,
  overlap,
  catchUpHours,
  input,
}: ScheduleDefinition): AuditEvent['details'] => ({
  cron,
  timeZone,
  overlap,
  catchUpHours,
  config: JSON.parse(JSON.stringify(input.config)) as AuditEvent['details'][string],
});

export async function audit(
  { home, by, reason }: Actor,
  what: string,
  id: string,
  details: AuditEvent['details'] = {},
): Promise<void> {
  await appendAudit(home, {
    at: new Date().toISOString(),
    who: by,
    identity: 'claimed',
    what,
    subject: `schedule/${id}`,
    why: reason,
    from: 'cli',
    details,
  });
}
