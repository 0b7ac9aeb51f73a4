import assert from 'node:assert/strict';
import { dieboldMariano } from '../../src/backtest/metrics-diebold-mariano.ts';
import { twoSidedP } from '../../src/backtest/student-t.ts';
import { randomOf } from '../../src/model/random.ts';

const near = (found: number | null, expected: number, within = 1e-9) =>
  assert.ok(found !== null && Math.abs(found - expected) <= within, `${found} is not ${expected}`);

const SAMPLE = [0.3, -0.1, 0.4, 0.2, -0.2, 0.5, 0.1, 0, 0.3, -0.3, 0.6, 0.2];

describe('Student’s t', () => {
  it('has the tails that scipy has', () => {
    near(twoSidedP(2, 5), 0.10193947882985835);
    near(twoSidedP(0.5, 3), 0.651447964848151);
    near(twoSidedP(-1.96, 1e6), 0.04999606758526985);
    near(twoSidedP(30, 10), 3.961792342031325e-11, 1e-17);
    near(twoSidedP(0.1, 2), 0.9294654384141402);
    near(twoSidedP(0, 7), 1);
  });
});

describe('the Diebold–Mariano test', () => {
  // Worked out with numpy and scipy, from the formulas.
  it('is a paired t-test with the Harvey–Leybourne–Newbold factor where forecasts reach one step', () => {
    const { statistic, pValue, meanDifference, count, lag } = dieboldMariano(SAMPLE, 1);
    near(meanDifference, 1 / 6);
    near(statistic, 2.081035478173624);
    near(pValue, 0.06158782500141144);
    assert.deepEqual([count, lag], [12, 0]);
  });

  it('counts autocovariances up to the horizon, weighted by Newey and West', () => {
    const { statistic, pValue, lag } = dieboldMariano(SAMPLE, 3);
    near(statistic, 3.6451888256718834);
    near(pValue, 0.003852983122096295);
    assert.equal(lag, 2);
  });

  it('turns its sign with the order of the two, and does not count what is missing', () => {
    const turned = dieboldMariano(
      SAMPLE.map((value) => -value),
      3,
    );
    near(turned.statistic, -3.6451888256718834);
    const { count, meanDifference } = dieboldMariano([...SAMPLE, Number.NaN, Number.NaN], 3);
    near(meanDifference, 1 / 6);
    assert.equal(count, 12);
  });

  it('says nothing of differences that do not vary, or of none', () => {
    assert.deepEqual(dieboldMariano([0, 0, 0, 0], 2).pValue, null);
    assert.deepEqual(dieboldMariano([Number.NaN], 2).statistic, null);
    assert.deepEqual(dieboldMariano([], 2).count, 0);
  });

  it('calls differences that follow each other less certain than the same ones shuffled', () => {
    const random = randomOf('walk');
    const smooth = Array.from({ length: 600 }, (_, i) => 0.2 + Math.sin(i / 9));
    const shuffled = smooth
      .map((value) => ({ value, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value);
    const [before, after] = [smooth, shuffled].map((each) => dieboldMariano(each, 24).pValue!);
    assert.ok(before! > after!, `${before} ${after}`);
  });
});
