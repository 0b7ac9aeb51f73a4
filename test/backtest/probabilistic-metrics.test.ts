import assert from 'node:assert/strict';
import { IntervalSums } from '../../src/backtest/metrics-intervals.ts';
import { QuantileSums, crps, pinball } from '../../src/backtest/metrics-quantiles.ts';
import { QUANTILES } from '../../src/day-ahead/issue-table.ts';

const near = (found: number, expected: number, within = 1e-9) =>
  assert.ok(Math.abs(found - expected) <= within, `${found} is not ${expected}`);

/** Φ⁻¹ by bisection of a numeric Φ: slow and plain. */
const density = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
function normalCdf(z: number): number {
  const [steps, from] = [4000, -10];
  const width = (z - from) / steps;
  let sum = (density(from) + density(z)) / 2;
  for (let i = 1; i < steps; i++) sum += density(from + i * width);
  return sum * width;
}
function normalQuantile(p: number): number {
  let [low, high] = [-8, 8];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** ∫ (F(z) − 1{y ≤ z})² dz: the definition. */
function crpsByIntegral(cdf: (z: number) => number, y: number, from = -12, to = 12, steps = 4800): number {
  const width = (to - from) / steps;
  let sum = 0;
  for (let i = 0; i < steps; i++) {
    const z = from + (i + 0.5) * width;
    sum += (cdf(z) - (y <= z ? 1 : 0)) ** 2 * width;
  }
  return sum;
}

describe('pinball loss', () => {
  it('costs τ a unit of being too low, 1 − τ of being too high', () => {
    near(pinball(90, 0.9, 100), 9);
    near(pinball(110, 0.9, 100), 1);
    near(pinball(100, 0.3, 100), 0);
  });
});

describe('CRPS from quantiles', () => {
  it('comes to the integral of a known distribution, the nearer the more levels there are', () => {
    // A uniform distribution on 0 to 1: F is exact, so the integral is too.
    const uniform = (z: number) => Math.min(1, Math.max(0, z));
    for (const y of [-0.5, 0.2, 0.5, 0.93, 1.4]) {
      const expected = crpsByIntegral(uniform, y, -2, 3, 50_000);
      const errorWith = (count: number) => {
        const levels = Array.from({ length: count }, (_, i) => (i + 1) / (count + 1));
        return Math.abs(crps(levels, levels, y) - expected);
      };
      assert.ok(errorWith(999) < 2e-4, `${errorWith(999)}`);
      assert.ok(errorWith(999) <= errorWith(9) + 1e-6);
    }
  });

  it('is near the closed form of a normal distribution at the levels that forecasts have', () => {
    const q = QUANTILES.map(normalQuantile);
    // y (2Φ(y) − 1) + 2φ(y) − 1/√π (Gneiting & Raftery 2007), by scipy.
    for (const [y, expected] of [
      [-0.3, 0.2693329006866635],
      [0, 0.23369497725510913],
      [1.1, 0.6730494364353031],
    ] as const) {
      near(crps(q, QUANTILES, y), expected, 0.012);
    }
  });

  it('is the absolute error of a forecast of the median alone', () => {
    assert.equal(crps([90], [0.5], 100), 10);
    assert.equal(crps([110], [0.5], 100), 10);
  });

  it('is lower for a narrow forecast that is right than for a wide one, and higher where it is wrong', () => {
    const [narrow, wide] = [
      [99, 100, 101],
      [80, 100, 120],
    ];
    const levels = [0.1, 0.5, 0.9];
    assert.ok(crps(narrow!, levels, 100) < crps(wide!, levels, 100));
    assert.ok(crps(narrow!, levels, 125) > crps(wide!, levels, 125));
  });

  it('is averaged in MW and relative to demand, beside the pinball loss of each level', () => {
    const sums = new QuantileSums([0.1, 0.9]);
    assert.equal(sums.means(), null);
    sums.add([90, 110], 100);
    sums.add([180, 190], 200);
    const means = sums.means()!;
    near(means.pinball[0]!, (0.1 * 10 + 0.1 * 20) / 2);
    near(means.pinball[1]!, (0.1 * 10 + 0.9 * 10) / 2);
    const each = [crps([90, 110], [0.1, 0.9], 100), crps([180, 190], [0.1, 0.9], 200)];
    near(means.crps, (each[0]! + each[1]!) / 2);
    near(means.crpsPercent, (each[0]! + each[1]! / 2) / 2);
  });
});

describe('intervals', () => {
  it('count what lies inside, ends included, their width, and how far outside the rest lies', () => {
    const sums = new IntervalSums({ nominal: 0.8, lower: 0.1, upper: 0.9 });
    assert.equal(sums.means(), null);
    sums.add(90, 110, 100);
    sums.add(90, 110, 110);
    sums.add(190, 210, 200);
    sums.add(190, 230, 180);
    const means = sums.means()!;
    assert.equal(means.coverage, 0.75);
    assert.equal(means.width, 25);
    near(means.widthPercent, (20 + 2000 / 110 + 10 + 4000 / 180) / 4);
    // 2 / 0.2 times the 10 MW by which the last one is missed.
    near(means.winkler, (20 + 20 + 20 + 40 + 100) / 4);
  });
});
