import { defineSearchAttributeKey } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';
import { CATCH_UP_HOURS, type ScheduledJob } from '../src/contracts/schedules.ts';

const HOUR_MS = 3_600_000;

/** Set by the server on what a schedule starts: the moment that it was due. */
const scheduledStartTime = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

/** When this run was due; undefined where no schedule started it. A triggered run was due when it was triggered. */
export const scheduledAt = (): Date | undefined =>
  workflowInfo().typedSearchAttributes.get(scheduledStartTime);

/**
 * The hour that a backfilled run stands for; undefined for all others, which stand for now. A run that starts later
 * than its schedule may catch up was asked for by `schedules backfill`; one that catches up does the work that is due
 * now. Use as `input.asOf ?? asOfOfBackfill('drift')`.
 */
export function asOfOfBackfill(job: ScheduledJob): string | undefined {
  const due = scheduledAt();
  if (due === undefined) return undefined;
  const late = workflowInfo().startTime.getTime() - due.getTime();
  return late > CATCH_UP_HOURS[job] * HOUR_MS ? due.toISOString().slice(0, 13) : undefined;
}
