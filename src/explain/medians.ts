import type { IssueTable } from '../day-ahead/issue-table.ts';
import { CorruptArtifactError } from '../errors.ts';
import type { FittedForecaster } from '../forecasters/forecaster.ts';

/** A member of what is explained, and its weight in each region. */
export interface ExplainedMember {
  fitted: FittedForecaster;
  weightIn(region: string): number;
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

/** The members' weighted mean; where one has no value the others share its weight, as in their ensemble. */
export function weightedMedians(members: readonly Float64Array[], weights: readonly number[]): Float64Array {
  return members[0]!.map((_, cell) => {
    let sum = 0;
    let total = 0;
    members.forEach((medians, m) => {
      if (!(medians[cell]! > 0)) return;
      sum += weights[m]! * medians[cell]!;
      total += weights[m]!;
    });
    return total > 0 ? sum / total : Number.NaN;
  });
}
