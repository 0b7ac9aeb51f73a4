import type { JobRecord } from '../contracts/jobs.ts';
import type { AppliedSchedule } from '../contracts/schedules.ts';
import { lastOf } from './ledger.ts';

/** A job under way, as far as it matters here. */
export interface UnderWay {
  job: JobRecord['job'];
  phase: string | null;
  says: string | null;
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
}

/**
 * Why no newer model answers: what keeps the retrain from running, or what became of the last one. Null where the last
 * retrain was deployed and nothing is owed.
 */
export function whyNot({ records, running, schedule, owedSince }: Situation): string | null {
  if (running?.some(({ job }) => job === 'retrain')) return 'A retrain is under way.';
  const held = heldUp(schedule, owedSince);
  const last = lastOf(records, 'retrain');
  if (!last) return held ?? 'No retrain has ended yet.';
  const fate = fateOf(last, records, running);
  return [held, fate].filter((part) => part !== null).join(' ') || null;
}

function heldUp(schedule: AppliedSchedule | undefined, owedSince: Date | null): string | null {
  if (!schedule) return 'No schedule retrains it: `schedules apply` makes one.';
  if (schedule.paused) return `Its schedule is paused: \`schedules unpause ${schedule.id}\`.`;
  if (owedSince === null) return null;
  return `The retrain of ${owedSince.toISOString().slice(0, 16)}Z has not run: was a server or a worker down?`;
}

function fateOf(
  { model, outcome, reason, version, endedAt }: JobRecord,
  records: readonly JobRecord[],
  running: readonly UnderWay[] | null,
): string | null {
  const when = `The retrain that ended ${endedAt.slice(0, 16)}Z`;
  if (outcome === 'failed') return `${when} failed: ${reason}`;
  if (outcome === 'skipped') return `${when} trained nothing: ${reason}`;
  if (outcome === 'refused') return `${when} made version ${version}, which was refused: ${reason}`;
  const deployment = records.findLast((record) => record.job === 'deployment' && record.version === version);
  if (deployment) {
    if (deployment.outcome === 'done') return null;
    const fate = deployment.outcome === 'rolled-back' ? 'was deployed and taken back' : 'was not deployed';
    return `Version ${version} ${fate}: ${deployment.reason}`;
  }
  const underWay = running?.find(({ job }) => job === 'deployment');
  if (underWay) {
    const where = `Version ${version} is being deployed, at ${underWay.phase ?? 'an unknown phase'}.`;
    const cure = `\`approve ${model} ${version}\` lets it go on, \`reject\` puts it aside.`;
    return [where, underWay.says, underWay.phase === 'approval' && cure].filter(Boolean).join(' ');
  }
  return running === null
    ? `Version ${version} passed; whether it is being deployed only Temporal knows.`
    : `Version ${version} passed, but nothing deploys it: \`promote\` does.`;
}
