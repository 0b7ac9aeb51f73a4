import type { ExplainedGroup, MovedBy } from '../contracts/explain.ts';
import type { IssueTable } from '../day-ahead/issue-table.ts';
import { groupsOf, repeated, withDonors } from './groups.ts';
import { allMedians, type Explained } from './medians.ts';
import { othersOf } from './stretches.ts';

/** Other issues that one is given the values of; all of a stretch at most. */
const DRAWS = 30;

export interface MovedOptions {
  seed: number;
  groups?: readonly ExplainedGroup[] | undefined;
  channels?: number | undefined;
  signal: AbortSignal;
}

/**
 * What moved one forecast: how far it changes when a group's values are those of other issues of its time. The same
 * exchange as for importance, but of one issue, and against the forecast instead of the outcome, which need not be known.
 */
export async function movedBy(
  table: IssueTable,
  issue: number,
  explained: Explained,
  { seed, groups, channels, signal }: MovedOptions,
): Promise<MovedBy[]> {
  const { region, horizon } = table;
  const others = othersOf(issue, table.issuedAt.length, DRAWS, seed, region);
  // In order of time, as a network reads their past.
  const donors = others.toSorted((a, b) => a - b);
  const copies = repeated(table, issue, donors.length);
  const [before] = await allMedians(explained, copies, signal);
  const result: MovedBy[] = [];
  for (const group of groupsOf(table, channels, groups)) {
    const [after] = await allMedians(explained, withDonors(copies, group, donors, table), signal);
    let sum = 0;
    let hours = 0;
    after!.forEach((mw, cell) => {
      if (!(mw > 0) || !(before![cell]! > 0)) return;
      sum += Math.abs(mw / before![cell]! - 1);
      hours++;
    });
    const change = hours > 0 ? (100 * sum) / hours : 0;
    result.push({ group: group.group, columns: group.columns, change, draws: after!.length / horizon });
  }
  return result.toSorted((a, b) => b.change - a.change);
}
