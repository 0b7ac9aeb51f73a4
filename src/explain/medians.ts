import type { IssueTable } from '../day-ahead/issue-table.ts';
import { CorruptArtifactError } from '../errors.ts';
import type { FittedForecaster } from '../forecasters/forecaster.ts';
import { breathe } from '../forecasters/pause.ts';

/** A member of what is explained, and its weight in each region, where weights change from issue to issue their mean. */
export interface ExplainedMember {
  fitted: FittedForecaster;
  weightIn(region: string): number;
}

/** A forecaster and what it is made of. */
export interface Explained {
  name: string;
  members: readonly ExplainedMember[];
  /** Its medians of its members', which are undefined where one has no weight in the table's region. */
  combine(table: IssueTable, members: readonly (Float64Array | undefined)[]): Float64Array;
}

/** Medians in MW, N × H. */
export async function mediansOf(fitted: FittedForecaster, table: IssueTable): Promise<Float64Array> {
  const values = await fitted.predict(table);
  const { levels, name } = fitted;
  const median = levels.indexOf(0.5);
  if (median < 0) {
    throw new CorruptArtifactError(`${name} answers with no median.`, 'Fit the forecaster again.');
  }
  if (levels.length === 1) return values;
  return Float64Array.from(
    { length: values.length / levels.length },
    (_, cell) => values[cell * levels.length + median]!,
  );
}

/** The medians of the members that count in the table's region, and before them those of the whole. */
export async function allMedians(
  { members, combine }: Explained,
  table: IssueTable,
  signal: AbortSignal,
): Promise<Float64Array[]> {
  const each: (Float64Array | undefined)[] = [];
  for (const { fitted, weightIn } of members) {
    await breathe(signal);
    each.push(weightIn(table.region) > 0 ? await mediansOf(fitted, table) : undefined);
  }
  return [combine(table, each), ...each.filter((medians) => medians !== undefined)];
}
