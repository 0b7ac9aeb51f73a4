import type { IssueTable } from '../../day-ahead/issue-table.ts';
import { PUBLICATION_DELAY } from '../cells.ts';

const DAY = 86_400;
/** Issues that are kept: older ones would count for nothing at any half-life that is tried. */
export const KEPT_ISSUES = 180;

/** What issues have turned out to be, one row an issue whose hours were all published: I × columns, NaN where unknown. */
export interface Track {
  columns: number;
  /** I, ascending: the end of an issue's last hour, seconds. */
  endedAt: Float64Array;
  values: Float64Array;
}

export const noTrack = (columns: number): Track => ({
  columns,
  endedAt: new Float64Array(0),
  values: new Float64Array(0),
});

/** Rows of the issues of a table whose last hour was published by `knownBy`; `row` writes an issue's columns. */
export function trackOf(
  { issuedAt, validAt, horizon }: IssueTable,
  columns: number,
  knownBy: number,
  row: (issue: number, into: Float64Array) => void,
): Track {
  const last = (issue: number) => validAt[(issue + 1) * horizon - 1]!;
  const issues = Array.from(issuedAt, (_, i) => i).filter((i) => last(i) + PUBLICATION_DELAY <= knownBy);
  const values = new Float64Array(issues.length * columns).fill(Number.NaN);
  issues.forEach((issue, i) => row(issue, values.subarray(i * columns, (i + 1) * columns)));
  return { columns, endedAt: Float64Array.from(issues, last), values };
}

/** Some of its columns. */
export const columnsOf = ({ columns, endedAt, values }: Track, kept: readonly number[]): Track => ({
  columns: kept.length,
  endedAt,
  values: Float64Array.from(
    { length: endedAt.length * kept.length },
    (_, i) => values[Math.floor(i / kept.length) * columns + kept[i % kept.length]!]!,
  ),
});

/** The newer rows after those of before their beginning; the newest of them all. */
export function continued(older: Track, newer: Track): Track {
  const begins = newer.endedAt[0] ?? Infinity;
  const first = older.endedAt.findIndex((ended) => ended >= begins);
  const until = first < 0 ? older.endedAt.length : first;
  return {
    columns: older.columns,
    endedAt: Float64Array.from([...older.endedAt.subarray(0, until), ...newer.endedAt]),
    values: Float64Array.from([...older.values.subarray(0, until * older.columns), ...newer.values]),
  };
}

export function newestRows({ columns, endedAt, values }: Track): Track {
  const from = Math.max(0, endedAt.length - KEPT_ISSUES);
  return { columns, endedAt: endedAt.slice(from), values: values.slice(from * columns) };
}

/**
 * By column the mean of what was published at `moment`, a row counting half as much as one `halfLifeDays` later; NaN
 * where nothing was.
 */
export function fadingMeans(
  { columns, endedAt, values }: Track,
  moment: number,
  halfLifeDays: number,
): Float64Array {
  const sums = new Float64Array(columns);
  const weights = new Float64Array(columns);
  for (let i = 0; i < endedAt.length; i++) {
    const age = (moment - endedAt[i]! - PUBLICATION_DELAY) / DAY;
    if (age < 0 || age > KEPT_ISSUES) continue;
    const weight = 0.5 ** (age / halfLifeDays);
    for (let c = 0; c < columns; c++) {
      const value = values[i * columns + c]!;
      if (Number.isNaN(value)) continue;
      sums[c]! += weight * value;
      weights[c]! += weight;
    }
  }
  return sums.map((sum, c) => (weights[c]! > 0 ? sum / weights[c]! : Number.NaN));
}
