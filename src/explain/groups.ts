import { EXPLAINED_GROUPS, type ExplainedGroup } from '../contracts/explain.ts';
import type { IssueTable } from '../day-ahead/issue-table.ts';
import { BadInputError } from '../errors.ts';

export interface GroupOfColumns {
  group: ExplainedGroup;
  /** Numbers of its columns; none of `sequence`, which is no part of the table. */
  at: number[];
  /** How many inputs it stands for. */
  columns: number;
}

/** The groups that a table has columns of, and `sequence` where a network reads so many channels of past hours. */
export function groupsOf(
  { columns, region }: IssueTable,
  channels: number | undefined,
  asked?: readonly ExplainedGroup[],
): GroupOfColumns[] {
  const all = EXPLAINED_GROUPS.map((group) => {
    const at = columns.flatMap((column, c) => (column.group === group ? [c] : []));
    return { group, at, columns: group === 'sequence' ? (channels ?? 0) : at.length };
  }).filter((group) => group.columns > 0);
  const missing = asked?.find((name) => !all.some(({ group }) => group === name));
  if (missing === undefined) return all.filter(({ group }) => asked?.includes(group) ?? true);
  throw new BadInputError(
    missing === 'sequence'
      ? `No ring transformer has a part in the forecast of ${region}: there is no sequence of past hours that it looked at.`
      : `The forecaster knows no ${missing} of ${region}: its tables have no such columns.`,
    `Give some of ${all.map(({ group }) => group).join(', ')}.`,
  );
}

/**
 * A table with a group's values of other issues: its issue i is given those of issue donors[i] of `source`, all target
 * hours together. The sequence of past hours is exchanged by where the network stands in it.
 */
export function withDonors(
  table: IssueTable,
  { at, group }: GroupOfColumns,
  donors: ArrayLike<number>,
  source: IssueTable = table,
): IssueTable {
  if (group === 'sequence') {
    return { ...table, standingAt: Float64Array.from(donors, (donor) => source.standingAt[donor]!) };
  }
  const { horizon } = table;
  const width = table.columns.length;
  const features = table.features.slice();
  for (let issue = 0; issue < donors.length; issue++) {
    for (let h = 0; h < horizon; h++) {
      const into = (issue * horizon + h) * width;
      const from = (donors[issue]! * horizon + h) * width;
      for (const c of at) features[into + c] = source.features[from + c]!;
    }
  }
  return { ...table, features };
}

/** Issue `issue` over and over, as often as there are donors, without its outcome. */
export function repeated(table: IssueTable, issue: number, times: number): IssueTable {
  const { horizon } = table;
  const width = table.columns.length;
  const cells = (values: Float64Array) => {
    const own = values.subarray(issue * horizon, (issue + 1) * horizon);
    return Float64Array.from({ length: times * horizon }, (_, i) => own[i % horizon]!);
  };
  const own = table.features.subarray(issue * horizon * width, (issue + 1) * horizon * width);
  return {
    ...table,
    issuedAt: new Float64Array(times).fill(table.issuedAt[issue]!),
    standingAt: new Float64Array(times).fill(table.standingAt[issue]!),
    features: Float32Array.from({ length: times * own.length }, (_, i) => own[i % own.length]!),
    validAt: cells(table.validAt),
    base: cells(table.base),
    actual: new Float64Array(times * horizon).fill(Number.NaN),
    operator: cells(table.operator),
    latestKnown: cells(table.latestKnown),
    persistence48: cells(table.persistence48),
    persistence168: cells(table.persistence168),
  };
}
