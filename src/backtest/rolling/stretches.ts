import type { FitWindow, Stretch } from '../../contracts/rolling-backtest.ts';
import { HOUR_SECONDS, fromHourStamp, toHourStamp } from '../../contracts/time.ts';
import { issuesOf, type IssueRange, type IssueTable } from '../../day-ahead/issue-table.ts';
import { MissingDataError } from '../../errors.ts';
import type { FitData } from '../../forecasters/forecaster.ts';
import { DEMAND_DELAY_HOURS } from '../protocol.ts';

const DAY_SECONDS = 24 * HOUR_SECONDS;

/** Hour ends in seconds, both included. */
export interface Hours {
  from: number;
  to: number;
}

/** The issues with a target hour to score. */
export function issuesWithin({ validAt, horizon, issuedAt }: IssueTable, { from, to }: Hours): IssueRange {
  const starts = (i: number) => validAt[i * horizon]!;
  const ends = (i: number) => validAt[(i + 1) * horizon - 1]!;
  let first = 0;
  while (first < issuedAt.length && ends(first) < from) first += 1;
  let last = first;
  while (last < issuedAt.length && starts(last) <= to) last += 1;
  return { from: first, to: last };
}

/**
 * Cuts the issues to score into stretches of `refitDays`, 0 being one stretch, in time order. They are the same for
 * all regions: the fit before a stretch knows what was known at the first issue of whichever region issues first.
 */
export function planStretches(
  tables: readonly IssueTable[],
  score: Hours,
  refitDays: number,
): { stretches: Stretch[]; issues: number } {
  const issued = tables.flatMap((table) => {
    const { from, to } = issuesWithin(table, score);
    return Array.from(table.issuedAt.subarray(from, to));
  });
  if (issued.length === 0) {
    throw new MissingDataError(
      `There is no issue with an hour to score from ${toHourStamp(score.from)} to ${toHourStamp(score.to)}: ${reachOf(tables)}.`,
      'Score a period that the sequences were cut for.',
    );
  }
  const first = issued.reduce((a, b) => Math.min(a, b));
  const end = issued.reduce((a, b) => Math.max(a, b)) + HOUR_SECONDS;
  const step = refitDays === 0 ? end - first : refitDays * DAY_SECONDS;
  const stretches: Stretch[] = [];
  for (let from = first; from < end; from += step) {
    stretches.push({ from: toHourStamp(from), to: toHourStamp(Math.min(end, from + step)) });
  }
  return { stretches, issues: issued.length };
}

function reachOf(tables: readonly IssueTable[]): string {
  const hours = tables.flatMap(({ validAt }) => (validAt.length > 0 ? [validAt[0]!, validAt.at(-1)!] : []));
  if (hours.length === 0) return 'the sequences have none at all';
  const [first, last] = [Math.min(...hours), Math.max(...hours)];
  return `the sequences have them for ${toHourStamp(first)} to ${toHourStamp(last)}`;
}

/** The issues of a stretch that have an hour to score. */
export function issuesOfStretch(table: IssueTable, stretch: Stretch, score: Hours): IssueTable {
  const within = issuesWithin(table, score);
  const [from, to] = [fromHourStamp(stretch.from), fromHourStamp(stretch.to)];
  const before = (moment: number) =>
    Math.max(
      within.from,
      Math.min(
        within.to,
        countWhile(table.issuedAt, (issued) => issued < moment),
      ),
    );
  return issuesOf(table, { from: before(from), to: before(to) });
}

/**
 * What a fit at `knownBy` may learn from: the issues of which every target hour, and the hour after which its demand
 * is published, has passed. A window that slides drops those with targets older than its days.
 */
export function fitDataAt(tables: readonly IssueTable[], knownBy: number, window: FitWindow): FitData {
  const oldest = window === 'expanding' ? -Infinity : knownBy - window.slidingDays * DAY_SECONDS;
  const cut = tables.map((table) => {
    const { validAt, horizon } = table;
    const issues = Array.from(table.issuedAt, (_, i) => i);
    const known = (i: number) =>
      validAt[(i + 1) * horizon - 1]! + DEMAND_DELAY_HOURS * HOUR_SECONDS <= knownBy;
    const from = countWhile(issues, (i) => validAt[i * horizon]! - HOUR_SECONDS < oldest);
    return issuesOf(table, { from, to: Math.max(from, countWhile(issues, known)) });
  });
  const empty = cut.find(({ issuedAt }) => issuedAt.length === 0);
  if (empty) {
    throw new MissingDataError(
      `${empty.region} has no issue to fit on that was known by ${toHourStamp(knownBy)}.`,
      'Score a later period, or cut the sequences with an earlier training period.',
    );
  }
  return { tables: cut, knownBy };
}

function countWhile<Value>(values: ArrayLike<Value>, holds: (value: Value) => boolean): number {
  let count = 0;
  while (count < values.length && holds(values[count]!)) count += 1;
  return count;
}
