import { HOUR_SECONDS, toHourStamp } from '../../contracts/time.ts';
import { issuesOf, type IssueTable } from '../../day-ahead/issue-table.ts';
import { BadInputError } from '../../errors.ts';
import type { FittedForecaster } from '../../forecasters/forecaster.ts';
import { DEMAND_DELAY_HOURS } from '../protocol.ts';

/** Sums in another order may differ in their last digits; what the future tells differs in its first. */
const TOLERANCE = 1e-5;

/**
 * A stretch's answers. A forecaster may follow its own errors from issue to issue, so it is given demand as it was
 * known at the last issue; that it takes nothing from it before its time is checked: the first issue, and one in the
 * middle, are asked for again with nothing at hand that was not known then, and must be answered alike.
 */
export async function predictHonestly(fitted: FittedForecaster, table: IssueTable): Promise<Float64Array> {
  const issues = table.issuedAt.length;
  if (issues === 0) return new Float64Array(0);
  const answers = await fitted.predict(knownAtLastIssue(table));
  const perIssue = table.horizon * fitted.levels.length;
  for (const issue of new Set([0, Math.floor((issues - 1) / 2)])) {
    const past = knownAtLastIssue(issuesOf(table, { from: 0, to: issue + 1 }));
    const again = (await fitted.predict(past)).subarray(issue * perIssue);
    const first = answers.subarray(issue * perIssue, (issue + 1) * perIssue);
    if (first.every((value, i) => isSame(value, again[i]!))) continue;
    throw new BadInputError(
      `The forecaster ${fitted.name} answers otherwise for ${table.region} at ${toHourStamp(table.issuedAt[issue]!)} when it does not see what came later.`,
      'A forecaster may use an hour’s demand only after its publication.',
    );
  }
  return answers;
}

/** As the record stood when the table's last issue was made. */
function knownAtLastIssue(table: IssueTable): IssueTable {
  const knownUntil = table.issuedAt.at(-1)! - DEMAND_DELAY_HOURS * HOUR_SECONDS;
  const actual = table.actual.map((mw, cell) => (table.validAt[cell]! <= knownUntil ? mw : Number.NaN));
  return { ...table, actual };
}

const isSame = (a: number, b: number) =>
  Number.isNaN(a) ? Number.isNaN(b) : Math.abs(a - b) <= TOLERANCE * Math.abs(a);
