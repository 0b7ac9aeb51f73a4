import assert from 'node:assert/strict';
import fc from 'fast-check';
import { issuesOf, MEDIAN, QUANTILES, type IssueTable } from '../../src/day-ahead/issue-table.ts';
import { corrected, memberErrors, weightsByIssue } from '../../src/forecasters/ensemble/adaptation.ts';
import { fadingMeans, noTrack, trackOf } from '../../src/forecasters/ensemble/track.ts';
import { ensemble, fitEnsemble, memberNamed, type FittedEnsemble } from '../../src/forecasters/index.ts';
import { context, copyOf, mapeOf, sampleTable } from './sample-table.ts';

const LEVELS = QUANTILES.length;
const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

/** Medians that are off by `error(issue)`, ln, at every hour. */
const offBy = ({ actual, horizon }: IssueTable, error: (issue: number) => number) =>
  actual.map((mw, cell) => mw * Math.exp(-error(Math.floor(cell / horizon))));

describe('weights that follow recent errors', () => {
  const table = sampleTable({ issues: 6 });

  it('know an issue when its last hour is published: two issues after it', () => {
    const track = trackOf(table, 1, Infinity, (issue, into) => (into[0] = issue));
    const known = Array.from(table.issuedAt, (moment) => fadingMeans(track, moment, 1e-3)[0]!);
    assert.deepEqual(known, [Number.NaN, Number.NaN, 0, 1, 2, 3]);
    const until = trackOf(table, 1, table.issuedAt[3]!, () => undefined);
    assert.equal(until.endedAt.length, 2);
  });

  it('are what hand and pencil make of them, and turn to a member that turns better', () => {
    // 4 %, then 1 %; the other 2 % at all times. Half-life: a day.
    const medians = [offBy(table, (issue) => (issue === 0 ? 0.04 : 0.01)), offBy(table, () => 0.02)];
    const errors = memberErrors(table, medians, Infinity);
    const rule = { power: 2, halfLifeDays: 1, correction: 0 };
    const weights = weightsByIssue(table, errors, rule, Float64Array.of(0.3, 0.7));
    const first = (issue: number) => weights[2 * issue]!;
    near(first(0), 0.3);
    near(first(1), 0.3);
    // 4 % against 2 %: a quarter of its weight.
    near(first(2), 0.2);
    // (4/2 + 1) / (1/2 + 1) = 2 %: as good as the other.
    near(first(3), 0.5);
    // (4/4 + 1/2 + 1) / (1/4 + 1/2 + 1) = 10/7 %: (2 / (10/7))² = 1.96 times the other's.
    near(first(4), 1.96 / 2.96);
    for (let issue = 0; issue < 6; issue++) near(first(issue) + weights[2 * issue + 1]!, 1);
  });

  it('leave out a member that has had no value lately', () => {
    const medians = [offBy(table, () => 0.01), offBy(table, () => Number.NaN)];
    const rule = { power: 2, halfLifeDays: 14, correction: 0 };
    const errors = memberErrors(table, medians, Infinity);
    const weights = weightsByIssue(table, errors, rule, Float64Array.of(0.5, 0.5));
    assert.deepEqual([...weights.subarray(4, 6)], [1, 0]);
  });

  it('take back a share of the error that was at that hour lately', () => {
    const rule = { power: 2, halfLifeDays: 14, correction: 0.3 };
    const medians = table.actual.map((mw, cell) => mw * Math.exp(cell % 24 === 7 ? -0.1 : 0));
    const moved = corrected(table, medians, noTrack(24), rule);
    for (let cell = 0; cell < medians.length; cell++) {
      const known = cell >= 2 * 24 && cell % 24 === 7;
      near(moved[cell]! / medians[cell]!, known ? Math.exp(0.3 * 0.1) : 1);
    }
    assert.deepEqual(corrected(table, medians, noTrack(24), { ...rule, correction: 0 }), medians);
  });
});

describe('an ensemble that follows its members', () => {
  const FIT = 250;
  const TURN = 270;
  /** Two forecasts as published, of which now one and now the other is the better. */
  const table = sampleTable({ issues: 310 });
  const at = (cell: number) => Math.floor(cell / table.horizon);
  const wobble = (cell: number) => 1 + 0.002 * (cell % 5);
  const better = (issue: number) => (Math.floor(issue / 20) % 2 === 0 ? 'operator' : 'latestKnown');
  table.actual.forEach((mw, cell) => {
    const issue = at(cell);
    const [good, bad] = [mw * 1.01 * wobble(cell), mw * 0.93 * wobble(cell)];
    const first = issue >= TURN ? 'latestKnown' : better(issue);
    table.operator[cell] = first === 'operator' ? good : bad;
    table.latestKnown[cell] = first === 'operator' ? bad : good;
  });
  const settings = {
    members: ['operator', 'latestKnown'].map((name) => memberNamed(name)),
    validationDays: 60,
  };
  const knownBy = table.issuedAt[FIT]!;
  let fitted: FittedEnsemble;
  before(async () => (fitted = await fitEnsemble({ tables: [table], knownBy }, settings, context)));
  const of = (from: number, to: number) => issuesOf(table, { from, to });
  const lastOf = (values: Float64Array) => values.subarray(-table.horizon * LEVELS);

  it('is kept where it errs less than weights that stay, and these where they do', async () => {
    assert.ok(fitted.details.adaptation['PACW']);
    const { ensemble: adaptive, members } = fitted.details.scores['PACW']!;
    assert.ok(adaptive! < Math.min(members['operator']!, members['latestKnown']!) - 1);
    const steady = copyOf(table);
    steady.operator.set(steady.actual.map((mw, cell) => mw * (cell % 2 ? 1.03 : 0.97)));
    steady.latestKnown.set(steady.actual.map((mw, cell) => mw * (cell % 2 ? 0.99 : 1.01)));
    const { details } = await fitEnsemble({ tables: [steady], knownBy }, settings, context);
    assert.equal(details.adaptation['PACW'], null);
    near(details.weights['PACW']!['operator']!, 0.25);
    assert.ok(details.scores['PACW']!.ensemble! < 1e-6);
  });

  it('goes over to the member that has turned better, and stays where nothing is published of it', async () => {
    const after = of(FIT, 310);
    const values = lastOf(await fitted.predict(after));
    const unseen = { ...after, actual: after.actual.map(() => Number.NaN) };
    const blind = lastOf(await fitted.predict(unseen));
    const [error, stayed] = [values, blind].map((each) => mapeOf(of(309, 310), each, LEVELS, MEDIAN));
    assert.ok(error! < 1.2 && stayed! > 2 * error!, `${error} %, ${stayed} %`);
  });

  it('takes nothing that was published after an issue, whatever it is', async () => {
    const later = of(FIT, FIT + 30);
    const before = await fitted.predict(later);
    const property = fc.asyncProperty(
      fc.integer({ min: 0, max: 29 }),
      fc.double({ min: 0.2, max: 5, noNaN: true }),
      fc.integer({ min: 1, max: 7 }),
      async (issue, factor, every) => {
        const other = copyOf(later);
        const moment = later.issuedAt[issue]!;
        other.validAt.forEach((validAt, cell) => {
          if (validAt + 3600 > moment && cell % every === 0) other.actual[cell]! *= factor;
        });
        const until = (issue + 1) * later.horizon * LEVELS;
        assert.deepEqual((await fitted.predict(other)).subarray(0, until), before.subarray(0, until));
      },
    );
    await fc.assert(property, { numRuns: 25 });
    const other = copyOf(later);
    other.actual.fill(1, 0, later.horizon);
    assert.notDeepEqual(lastOf(await fitted.predict(other)), lastOf(before));
  });

  it('remembers issues before the fit as if the table held them, but for the one that was not over', async () => {
    const [short, long] = [of(FIT, FIT + 2), of(FIT - 40, FIT + 2)];
    const [one, two] = [await fitted.predict(short), await fitted.predict(long)].map((values) =>
      values.subarray(-2 * table.horizon * LEVELS),
    ) as [Float64Array, Float64Array];
    const first = table.horizon * LEVELS;
    assert.deepEqual(one.subarray(0, first), two.subarray(0, first));
    assert.notDeepEqual(one.subarray(first), two.subarray(first));
  });

  it('goes on from its fit as if one table held all issues since', async () => {
    const moment = table.issuedAt[FIT + 30]!;
    const later = await fitted.refit({ tables: [table], knownBy: moment }, context);
    const whole = await fitted.predict(of(FIT, FIT + 31));
    assert.deepEqual(await later.predict(of(FIT + 30, FIT + 31)), lastOf(whole));
    assert.notDeepEqual(await fitted.predict(of(FIT + 30, FIT + 31)), lastOf(whole));
  });

  it('comes back from its bytes with all that it remembers', async () => {
    const bytes = fitted.save();
    const again = ensemble(settings).load(bytes);
    assert.deepEqual(again.save(), bytes);
    assert.deepEqual(await again.predict(of(FIT, 300)), await fitted.predict(of(FIT, 300)));
  });
});
