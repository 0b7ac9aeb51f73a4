import type { ColumnChange, ForecastHour, OneForecast } from '../contracts/explain.ts';
import { fromHourStamp, toHourStamp } from '../contracts/time.ts';
import { issuesOf, type IssueTable } from '../day-ahead/issue-table.ts';
import { BadInputError } from '../errors.ts';
import type { FittedForecaster } from '../forecasters/forecaster.ts';
import { applyChanges } from './column-changes.ts';

/** Issues before the one explained whose errors its interval goes by. */
const BEFORE = 300;
const DAY = 86_400;

/**
 * The number of the last issue by a moment, at most a day before it: regions issue at the same hour of their own clocks.
 * Without a moment, of the last that can be forecast.
 */
export function issueAt({ issuedAt, base, horizon, region }: IssueTable, stamp: string | undefined): number {
  if (stamp === undefined) {
    const last = base.findLastIndex((mw) => mw > 0);
    return last < 0 ? issuedAt.length - 1 : Math.floor(last / horizon);
  }
  const moment = fromHourStamp(stamp);
  const found = issuedAt.findLastIndex((issued) => issued <= moment);
  if (found >= 0 && moment - issuedAt[found]! < DAY) return found;
  throw new BadInputError(
    `No forecast of ${region} was issued by ${stamp}: the record has one a day from ${toHourStamp(issuedAt[0]!)} to ${toHourStamp(issuedAt.at(-1)!)}.`,
    'Explain one of these.',
  );
}

/** One forecast of a region, and what it would be with some columns changed. */
export async function oneForecast(
  fitted: FittedForecaster,
  table: IssueTable,
  issue: number,
  { whatIf, seen }: { whatIf: readonly ColumnChange[]; seen: IssueTable },
): Promise<Omit<OneForecast, 'movedBy'>> {
  const from = Math.max(0, issue - BEFORE);
  const recent = issuesOf(table, { from, to: issue + 1 });
  const before = await hoursOf(fitted, recent);
  const issuedAt = toHourStamp(table.issuedAt[issue]!);
  if (whatIf.length === 0) return { issuedAt, before };
  const changed = applyChanges(recent, issue - from, whatIf, seen);
  const after = await hoursOf(fitted, changed.table);
  const { changes, warnings } = changed;
  return { issuedAt, before, whatIf: { changes, after, warnings } };
}

/** The target hours of a table's last issue. */
async function hoursOf(fitted: FittedForecaster, table: IssueTable): Promise<ForecastHour[]> {
  const { levels } = fitted;
  const values = await fitted.predict(table);
  const cells = table.base.length;
  return Array.from({ length: table.horizon }, (_, h): ForecastHour => {
    const cell = cells - table.horizon + h;
    const at = (level: number) => {
      const q = levels.indexOf(level);
      const mw = q < 0 ? Number.NaN : values[cell * levels.length + q]!;
      return Number.isFinite(mw) ? mw : null;
    };
    return { hour: toHourStamp(table.validAt[cell]!), low: at(0.1), median: at(0.5), high: at(0.9) };
  });
}
