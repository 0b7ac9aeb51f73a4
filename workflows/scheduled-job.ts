import {
  CancellationScope,
  isCancellation,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { JobOutcome } from '../src/contracts/jobs.ts';
import { scheduledInput, type ScheduledInput, type ScheduledJob } from '../src/contracts/schedules.ts';
import { failureLine } from '../src/temporal/failures.ts';
import { parseInput } from '../src/temporal/input.ts';
import { modelAttribute, regionsAttribute } from '../src/temporal/search-attributes.ts';
import { recordEnding, type Ending } from './job-ending.ts';
import { LearningClock } from './learning-clock.ts';
import { factsLine } from './markdown.ts';
import { asOfOfBackfill } from './scheduled-at.ts';

export interface ScheduledResult {
  outcome: JobOutcome;
  reason: string;
}

/**
 * A job that does one thing when its schedule says so. However it ends, the ledger has a line and the alerts hear of it:
 * a failure that only Temporal knew of would be forgotten with its retention.
 */
export async function scheduledJob(
  raw: unknown,
  { workflow, job, title }: { workflow: string; job: ScheduledJob; title: string },
  work: (input: ScheduledInput) => Promise<Ending>,
): Promise<ScheduledResult> {
  const given = parseInput(scheduledInput, raw, workflow);
  const input = { ...given, asOf: given.asOf ?? asOfOfBackfill(job) };
  const { model_name: model, regions } = input.config;
  const clock = new LearningClock(input.asOf);
  const ended = { model, job, clock, startedAt: new Date().toISOString() };
  const head = `${title}${input.asOf === undefined ? '' : ` as of ${input.asOf} UTC`}`;
  upsertSearchAttributes([
    { key: modelAttribute, value: model },
    { key: regionsAttribute, value: regions },
  ]);
  setCurrentDetails(`**${head}: at work**`);
  try {
    return await end(await work(input));
  } catch (error) {
    const reason = isCancellation(error) ? 'It was cancelled.' : failureLine(error);
    await CancellationScope.nonCancellable(() => end({ outcome: 'failed', reason, version: null }));
    throw error;
  }

  async function end(ending: Ending): Promise<ScheduledResult> {
    const { outcome, reason, facts = {} } = ending;
    setCurrentDetails([`**${head}: ${outcome}**`, reason, factsLine(facts)].filter(Boolean).join('\n\n'));
    await recordEnding(ended, ending);
    return { outcome, reason };
  }
}
