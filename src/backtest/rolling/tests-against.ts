import { HOUR_SECONDS } from '../../contracts/time.ts';
import { dieboldMariano } from '../metrics-diebold-mariano.ts';
import type { AgainstOther } from './document.ts';
import type { RegionHours } from './region-hours.ts';
import type { Column } from './same-hours.ts';

/** An issue is made before the targets of the one before it are all known: neighbours' errors go together. */
const ISSUES_THAT_OVERLAP = 2;

/** The model (the first column) against every other that has a value at all `rows`. */
export function testsAgainst(
  hours: RegionHours,
  [model, ...others]: readonly Column[],
  rows: readonly number[],
  longestLead: number,
): AgainstOther[] {
  const { actual, validAt, issuedAt } = hours;
  const errorOf = (column: Column, row: number) =>
    (100 * Math.abs(column.said.median[row]! - actual[row]!)) / actual[row]!;
  return others.flatMap((other) => {
    if (rows.length === 0 || rows.some((row) => !(other.said.median[row]! > 0))) return [];
    const first = validAt[rows[0]!]!;
    const span = (validAt[rows.at(-1)!]! - first) / HOUR_SECONDS + 1;
    // One place an hour: what is left out must not make neighbours of hours that are far apart.
    const hourly = new Float64Array(span).fill(Number.NaN);
    const issues = new Map<number, { sum: number; count: number }>();
    for (const row of rows) {
      const difference = errorOf(model!, row) - errorOf(other, row);
      hourly[(validAt[row]! - first) / HOUR_SECONDS] = difference;
      const issue = issues.get(issuedAt[row]!) ?? { sum: 0, count: 0 };
      issues.set(issuedAt[row]!, { sum: issue.sum + difference, count: issue.count + 1 });
    }
    const byIssue = [...issues].map(([, { sum, count }]) => sum / count);
    return [
      {
        against: other.name,
        hourly: dieboldMariano(hourly, longestLead),
        byIssue: dieboldMariano(byIssue, ISSUES_THAT_OVERLAP),
      },
    ];
  });
}
