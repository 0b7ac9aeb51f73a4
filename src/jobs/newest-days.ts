import { z } from 'zod';
import type { Manifest } from '../contracts/artifact.ts';
import { seriesAccount } from '../contracts/ingestion.ts';
import type { RegionCode } from '../contracts/regions.ts';
import type { NewestDays, NewestDaysInput } from '../contracts/schedules.ts';
import { fromHourStamp, HOUR_SECONDS, toDate, toHourStamp } from '../contracts/time.ts';
import { MissingDataError } from '../errors.ts';
import { newestDemand } from '../backtest/newest-issue.ts';
import { newestRecord } from '../backtest/newest-record.ts';
import type { StageContext } from '../stages/context.ts';

/** Most corrections of an hour come within two days of it; older ones the retrain's own ingestion finds. */
const REVISED_DAYS = 3;
/** What is shorter was a trial of a month or two, and nothing to go on from. */
const LEAST_HOURS = 365 * 24;

/**
 * Which days to fetch: those after the newest demand of the region that lags most, and the last few before it for
 * their revisions. A week without ingestion is so made good by one. Of a region that the home has less than a year of,
 * everything.
 */
export async function newestDays(
  { home }: Pick<StageContext, 'home'>,
  { regions, asOf }: NewestDaysInput,
): Promise<NewestDays> {
  const to = asOf === undefined ? {} : { to: toDate(fromHourStamp(asOf)) };
  const last = await lastHourOfAll();
  if (last === null) return { ...to, lastHour: null };
  const until = asOf === undefined ? last : Math.min(last, fromHourStamp(asOf));
  return { from: toDate(until - 24 * REVISED_DAYS * HOUR_SECONDS), ...to, lastHour: toHourStamp(last) };

  async function lastHourOfAll(): Promise<number | null> {
    try {
      const { manifest } = await newestRecord(home, regions);
      if (regions.some((region) => hoursOf(manifest, region) < LEAST_HOURS)) return null;
      const newest = await Promise.all(regions.map((region) => newestDemand(home, manifest, region)));
      return Math.min(...newest.map(({ validAt }) => validAt));
    } catch (error) {
      if (error instanceof MissingDataError) return null;
      throw error;
    }
  }
}

function hoursOf({ details }: Manifest, region: RegionCode): number {
  const account = z.array(seriesAccount).parse(details['account'] ?? []);
  return account.find((line) => line.region === region && line.series === 'D')?.present ?? 0;
}
