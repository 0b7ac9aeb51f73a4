import { firstIssueFrom, issuesOf, MEDIAN, type IssueTable } from '../day-ahead/issue-table.ts';
import { BadInputError } from '../errors.ts';
import { requireTables } from './cells.ts';
import type { FitContext, Forecaster } from './forecaster.ts';

/** How a region was forecast by a model that has never seen it. */
export interface LeftOut {
  region: string;
  hours: number;
  /** Percent. */
  mape: number;
}

/**
 * Fits on all regions but one, on what is known by `knownBy`, and scores the one left out on its issues from then on;
 * each region in turn. It takes a forecaster that answers for regions it was not fitted on, such as `ridge-pooled`.
 */
export async function leaveOneRegionOut(
  { tables, knownBy }: { tables: readonly IssueTable[]; knownBy: number },
  forecaster: Forecaster,
  context: FitContext,
): Promise<LeftOut[]> {
  requireTables(tables);
  if (tables.length < 2) {
    throw new BadInputError('Leaving a region out takes two regions at least.', 'Give more regions.');
  }
  const results: LeftOut[] = [];
  for (const [i, left] of tables.entries()) {
    const others = tables.filter((table) => table !== left);
    const progress = (done: number) => context.progress?.((i + done) / tables.length);
    const fitted = await forecaster.fit({ tables: others, knownBy }, { ...context, progress });
    const issues = issuesOf(left, { from: firstIssueFrom(left, knownBy), to: left.issuedAt.length });
    const values = await fitted.predict(issues);
    const levels = fitted.levels.length;
    const at = levels === 1 ? 0 : MEDIAN;
    const errors = Array.from(issues.actual, (mw, cell) => Math.abs(values[cell * levels + at]! / mw - 1));
    const scored = errors.filter(Number.isFinite);
    if (scored.length === 0) {
      throw new BadInputError(
        `${left.region} has no hour to score after the moment of the fit.`,
        'Fit at an earlier moment.',
      );
    }
    const mape = (100 * scored.reduce((sum, error) => sum + error, 0)) / scored.length;
    results.push({ region: left.region, hours: scored.length, mape });
  }
  return results;
}
