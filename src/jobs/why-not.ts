import type { JobRecord } from '../contracts/jobs.ts';
import type { LifecycleEvent } from '../contracts/lifecycle.ts';
import { departureLine, departureOf } from '../contracts/reigns.ts';
import type { AppliedSchedule } from '../contracts/schedules.ts';
import { lastOf } from './ledger.ts';

/** A job under way, as far as it matters here. */
export interface UnderWay {
  job: JobRecord['job'];
  startedAt: string;
  phase: string | null;
  says: string | null;
  /** Of a deployment; null where no worker answers just now. */
  version: number | null;
}

export interface Situation {
  /** Oldest first. */
  records: readonly JobRecord[];
  /** Null where nobody could be asked. */
  running: readonly UnderWay[] | null;
  /** Of the retrain; undefined where none was applied. */
  schedule: AppliedSchedule | undefined;
  /** When the oldest retrain that nothing has answered was due; null where none is owed. */
  owedSince: Date | null;
  /** The version that is champion; null where none is, or nobody can tell. */
  champion: number | null;
  /** What became of the model's champions, oldest first. */
  events: readonly LifecycleEvent[];
}

/**
 * Why no newer model answers: what keeps the retrain from running, or what became of the last one. Null where what the
 * last retrain made is champion, or older than who is, and nothing is owed.
 */
export function whyNot(situation: Situation): string | null {
  const { records, running, schedule, owedSince } = situation;
  if (running?.some(({ job }) => job === 'retrain')) return 'A retrain is under way.';
  const held = heldUp(schedule, owedSince);
  const last = lastOf(records, 'retrain');
  if (!last) return held ?? 'No retrain has ended yet.';
  const fate = fateOf(last, situation);
  return [held, fate].filter((part) => part !== null).join(' ') || null;
}

function heldUp(schedule: AppliedSchedule | undefined, owedSince: Date | null): string | null {
  if (!schedule) return 'No schedule retrains it: `schedules apply` makes one.';
  if (schedule.paused) return `Its schedule is paused: \`schedules unpause ${schedule.id}\`.`;
  if (owedSince === null) return null;
  return `The retrain of ${owedSince.toISOString().slice(0, 16)}Z has not run: was a server or a worker down?`;
}

function fateOf(last: JobRecord, situation: Situation): string | null {
  const { model, outcome, reason, version, endedAt } = last;
  const when = `The retrain that ended ${endedAt.slice(0, 16)}Z`;
  const waits = deploymentUnderWay(last, situation);
  const other = waits === null ? '' : ` ${waits}`;
  if (outcome === 'failed') return `${when} failed: ${reason}${other}`;
  if (outcome === 'skipped') {
    // What was champion before and was taken back is trained, and not deployed again by itself.
    const was = version !== null && departureOf(situation.events, version) !== undefined;
    return `${when} ${was ? 'deployed' : 'trained'} nothing: ${reason}${other}`;
  }
  if (waits !== null && outcome === 'done') return waits;
  const { champion } = situation;
  if (version !== null && champion !== null && champion >= version) return waits;
  const ended = fateOfVersion(last, situation);
  if (ended !== undefined) return ended;
  if (outcome === 'refused') return `${when} made version ${version}, which was refused: ${reason}${other}`;
  return situation.running === null
    ? `Version ${version} passed; whether it is being deployed only Temporal knows.`
    : `Version ${version} passed, but nothing deploys it: \`promote ${model} ${version}\` does.`;
}

/** One that runs is newer than all that have ended: there is one at a time. */
function deploymentUnderWay({ model, version }: JobRecord, { running }: Situation): string | null {
  // One that is closed has its line, though the server still lists it.
  const underWay = running?.find(({ job, phase }) => job === 'deployment' && phase !== 'closed');
  if (!underWay) return null;
  const number = underWay.version ?? version;
  const where = `Version ${number} is being deployed, at ${underWay.phase ?? 'an unknown phase'}.`;
  const cure = `\`approve ${model} ${number}\` lets it go on, \`reject\` puts it aside.`;
  return [where, underWay.says, underWay.phase === 'approval' && cure].filter(Boolean).join(' ');
}

/**
 * Of one that is not under way. Training the same again gives the same version: what became of it before that counts
 * no longer.
 */
function fateOfVersion(
  { version, startedAt }: JobRecord,
  { records, events }: Situation,
): string | null | undefined {
  if (version === null) return undefined;
  const deployment = records.findLast(
    (record) => record.job === 'deployment' && record.version === version && record.startedAt >= startedAt,
  );
  const takenBack = deployment?.outcome === 'rolled-back';
  // The deployment tells of its own rollback with the figures.
  const told = (takenBack ? deployment.endedAt : deployment?.startedAt) ?? startedAt;
  const left = departureOf(events, version);
  if (left && left.at > told) return `Version ${version} was champion, and ${departureLine(left)}`;
  if (!deployment) return undefined;
  if (takenBack) return `Version ${version} was deployed and taken back: ${deployment.reason}`;
  return deployment.outcome === 'done' ? null : `Version ${version} was not deployed: ${deployment.reason}`;
}
