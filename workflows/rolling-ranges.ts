import { ApplicationFailure } from '@temporalio/workflow';
import type { IngestionOutcome } from '../src/contracts/ingestion.ts';
import type { PipelineInput, Rolling } from '../src/contracts/pipeline.ts';
import { fromHourStamp, HOUR_SECONDS, toDate, toHourStamp, type DateRange } from '../src/contracts/time.ts';
import { MissingDataError } from '../src/errors.ts';

const DAY_SECONDS = 86_400;
/** Demand is published an hour after its hour's end. */
const DEMAND_DELAY_SECONDS = HOUR_SECONDS;

export interface Ranges {
  train: DateRange;
  score: DateRange;
}

/** What is trained on and what is scored: as the input says, or by the end of the record that was just ingested. */
export function rangesOf(input: PipelineInput, { account }: Pick<IngestionOutcome, 'account'>): Ranges {
  const { rolling, regions, train, score, asOf } = input;
  if (train && score) return { train, score };
  if (!rolling) throw new TypeError('An input that is not rolling has its ranges.');
  const ends = regions.map((region) => {
    const line = account.find((each) => each.region === region && each.series === 'D');
    if (line?.lastHour) return line.lastHour;
    throw ApplicationFailure.nonRetryable(
      `The record has no demand of ${region}: there is nothing to train on. Leave ${region} out.`,
      MissingDataError.name,
    );
  });
  return rollingRanges(rolling, asOf ? [...ends, newestKnownAt(asOf)] : ends);
}

/** The newest hour whose demand can be known at a moment. */
export const newestKnownAt = (asOf: string) => toHourStamp(fromHourStamp(asOf) - DEMAND_DELAY_SECONDS);

/**
 * The last whole UTC days that every region has demand of are scored, those before are trained on. `lastHours` are
 * hour stamps, one a region.
 */
export function rollingRanges({ scoreDays, trainDays }: Rolling, lastHours: readonly string[]): Ranges {
  const end = Math.min(...lastHours.map(fromHourStamp));
  // A day is over with the hour that ends at the next midnight.
  const lastDay = Math.floor(end / DAY_SECONDS) - 1;
  const date = (day: number) => toDate(day * DAY_SECONDS);
  const firstScored = lastDay - scoreDays + 1;
  return {
    train: { from: date(firstScored - trainDays), to: date(firstScored - 1) },
    score: { from: date(firstScored), to: date(lastDay) },
  };
}
