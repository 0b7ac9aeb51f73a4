import { issuesOf, type IssueTable } from '../day-ahead/issue-table.ts';
import type { FittedForecaster, Forecaster } from './forecaster.ts';

/** A forecaster that, once loaded, is asked again only for issues that differ from those it was last asked for. */
export const keepingAnswers = (forecaster: Forecaster): Forecaster => ({
  ...forecaster,
  load: (bytes) => withLastAnswer(forecaster.load(bytes)),
});

/**
 * Answers by the table alone, as one to the bit: its issues are held against those of the region's last table, and
 * what was answered for the same stands. Not for what also sees something else, such as a network its sequence.
 */
export function withLastAnswer(fitted: FittedForecaster): FittedForecaster {
  // What follows its errors answers an issue by those before it too.
  if (fitted.followsFrom !== undefined) return fitted;
  const last = new Map<string, { table: IssueTable; answer: Float64Array }>();
  return {
    name: fitted.name,
    levels: fitted.levels,
    async predict(table) {
      const before = last.get(table.region);
      const { from, count } = before ? sameIssues(before.table, table) : { from: 0, count: 0 };
      const perIssue = table.horizon * fitted.levels.length;
      const answer = new Float64Array(table.issuedAt.length * perIssue);
      if (before) answer.set(before.answer.subarray(from * perIssue, (from + count) * perIssue));
      const to = table.issuedAt.length;
      if (count < to)
        answer.set(await fitted.predict(issuesOf(table, { from: count, to })), count * perIssue);
      last.set(table.region, { table, answer });
      return answer.slice();
    },
    save: () => fitted.save(),
  };
}

/** How many issues `after` begins with that stand in `before`, from the `from`-th on, with the same cells. */
function sameIssues(before: IssueTable, after: IssueTable): { from: number; count: number } {
  const from = before.issuedAt.indexOf(after.issuedAt[0]!);
  if (from < 0 || !sameShape(before, after)) return { from: 0, count: 0 };
  const most = Math.min(before.issuedAt.length - from, after.issuedAt.length);
  const pairs = valuesOf(before).map((values, i) => [bytesOf(values), bytesOf(valuesOf(after)[i]!)] as const);
  const [ofBefore, ofAfter] = [before.issuedAt.length, after.issuedAt.length];
  const same = (issue: number) =>
    pairs.every(([a, b]) => {
      const size = b.length / ofAfter;
      const at = (from + issue) * (a.length / ofBefore);
      return a.compare(b, issue * size, (issue + 1) * size, at, at + size) === 0;
    });
  let count = 0;
  while (count < most && same(count)) count++;
  return { from, count };
}

const sameShape = (one: IssueTable, other: IssueTable) =>
  one.horizon === other.horizon &&
  one.columns.length === other.columns.length &&
  one.columns.every(({ name }, c) => name === other.columns[c]!.name);

/** All that a forecaster may see. */
const valuesOf = ({ issuedAt, standingAt, validAt, features, base, operator, ...others }: IssueTable) => [
  ...[issuedAt, standingAt, validAt, features, base, operator],
  ...[others.latestKnown, others.persistence48, others.persistence168],
];

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array) =>
  Buffer.from(buffer, byteOffset, byteLength);
