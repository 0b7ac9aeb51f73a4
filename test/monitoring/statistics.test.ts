import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { benjaminiHochberg } from '../../src/monitoring/statistics/benjamini-hochberg.ts';
import { countIn, quantileBins } from '../../src/monitoring/statistics/bins.ts';
import { chiSquareOfCounts, countCategories } from '../../src/monitoring/statistics/chi-square.ts';
import { classificationScores, regressionAccuracy } from '../../src/monitoring/statistics/classification.ts';
import { cliffsDelta, cohensD } from '../../src/monitoring/statistics/effect-size.ts';
import { energyDistance, energyTest } from '../../src/monitoring/statistics/energy-distance.ts';
import { chiSquareTail } from '../../src/monitoring/statistics/gamma.ts';
import { jensenShannon } from '../../src/monitoring/statistics/jensen-shannon.ts';
import { kolmogorovSmirnov } from '../../src/monitoring/statistics/kolmogorov-smirnov.ts';
import { pageHinkley } from '../../src/monitoring/statistics/page-hinkley.ts';
import {
  populationStability,
  stabilityOfCounts,
} from '../../src/monitoring/statistics/population-stability.ts';
import { wassersteinDistance } from '../../src/monitoring/statistics/wasserstein.ts';

interface Goldens {
  samples: {
    case: [number, number, number, number, number, number, number | null];
    ks: [number, number];
    wasserstein: number;
    jensenShannon: number;
    psi: number | null;
    cohen: number;
    cliff: number;
  }[];
  tables: { a: number[]; b: number[]; statistic: number; p: number }[];
  chiSquareTails: [number, number, number][];
  benjaminiHochberg: { p: number[]; adjusted: number[] };
}
const goldens = JSON.parse(
  readFileSync(new URL('goldens/statistics.json', import.meta.url), 'utf8'),
) as Goldens;

/** The generator of `goldens/make.py`. */
function sequence(seed: number, count: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

function close(found: number, wanted: number, what: string): void {
  const off = Math.abs(found - wanted) / Math.max(1, Math.abs(wanted));
  assert.ok(off < 1e-9, `${what}: ${found} is not ${wanted}`);
  // Small p-values are held to their own size as well: 1e-20 is not as good as 1e-14.
  if (Math.abs(wanted) > 1e-200)
    assert.ok(Math.abs(found / wanted - 1) < 1e-6, `${what}: ${found}, ${wanted}`);
}

describe('statistics of drift, as scipy has them', () => {
  for (const golden of goldens.samples) {
    const [seedA, n, seedB, m, factor, shift, decimals] = golden.case;
    it(`of ${n} and ${m} values, times ${factor}, plus ${shift}${decimals === null ? '' : ', with ties'}`, () => {
      const cut = (x: number) => (decimals === null ? x : Math.floor(x * 10 ** decimals) / 10 ** decimals);
      const a = sequence(seedA, n).map(cut);
      const b = sequence(seedB, m).map((x) => cut(x * factor + shift));
      const { statistic, p, method } = kolmogorovSmirnov(a, b);
      assert.equal(method, Math.max(n, m) <= 10_000 ? 'exact' : 'asymptotic');
      close(statistic, golden.ks[0], 'KS');
      close(p, golden.ks[1], 'p of KS');
      close(wassersteinDistance(a, b), golden.wasserstein, 'Wasserstein');
      close(jensenShannon(a, b), golden.jensenShannon, 'Jensen–Shannon');
      if (golden.psi !== null) close(populationStability(a, b), golden.psi, 'PSI');
      close(cohensD(a, b), golden.cohen, "Cohen's d");
      close(cliffsDelta(a, b), golden.cliff, "Cliff's delta");
    });
  }

  it('tests categories, tails of chi-square and many p-values', () => {
    for (const { a, b, statistic, p } of goldens.tables) {
      const found = chiSquareOfCounts(a, b);
      close(found.statistic, statistic, 'chi-square');
      close(found.p, p, 'p of chi-square');
    }
    for (const [x, freedom, p] of goldens.chiSquareTails)
      close(chiSquareTail(x, freedom), p, `${x}, ${freedom}`);
    const { p, adjusted } = goldens.benjaminiHochberg;
    for (const [i, found] of benjaminiHochberg(p).entries()) close(found, adjusted[i]!, 'adjusted');
  });
});

describe('statistics of drift, by hand', () => {
  it('PSI of counts 25, 25, 25, 25 against 10, 20, 30, 40', () => {
    // (0.10−0.25) ln 0.4 + (0.20−0.25) ln 0.8 + (0.30−0.25) ln 1.2 + (0.40−0.25) ln 1.6
    //   = 0.137443609831123… + 0.011157177565711… + 0.009116077839698… + 0.070500544386861…
    close(stabilityOfCounts([25, 25, 25, 25], [10, 20, 30, 40]), 0.2282174096233922, 'PSI');
  });

  it('PSI in quartiles of 1 … 8 against 1, 1, 3, 8: edges 2.75, 4.5, 6.25', () => {
    const bins = quantileBins([1, 2, 3, 4, 5, 6, 7, 8], 4);
    assert.deepEqual([...bins.edges], [2.75, 4.5, 6.25]);
    assert.deepEqual([...countIn(bins, [1, 1, 3, 8])], [2, 1, 0, 1]);
    // Bins of a quarter each against 1/2, 1/4, 0 and 1/4; the empty one counts half of a value: 1/8.
    close(
      populationStability([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 3, 8], 4),
      0.25 * Math.log(2) + 0.125 * Math.log(2),
      'PSI',
    );
  });

  it('bins a reference of ties, a binary and a constant one', () => {
    const zeros = [0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
    // Quantiles 0, 0, 0.4 and 2.2: the two at 0 are one edge.
    assert.deepEqual([...countIn(quantileBins(zeros, 5), zeros)], [6, 0, 2, 2]);
    // Edges at 0 and, between the two, at 0.5.
    assert.deepEqual([...countIn(quantileBins([0, 0, 0, 1, 1, 1]), [0, 1, 1])], [1, 0, 2]);
    const rare = [0, ...Array.from({ length: 40 }, () => 1)];
    assert.deepEqual([...countIn(quantileBins(rare), rare)], [1, 40]);
    assert.deepEqual([...countIn(quantileBins([5, 5, 5]), [4, 5, 6, 7])], [1, 1, 2]);
    assert.ok(populationStability([5, 5, 5], [6, 6, 6]) > 1);
    assert.equal(populationStability([5, 5, 5], [5, 5]), 0);
  });

  it('KS of 1, 2 against 3, 4: one order of the six in each direction', () => {
    assert.deepEqual(kolmogorovSmirnov([1, 2], [3, 4]), { statistic: 1, p: 1 / 3, method: 'exact' });
  });

  it('KS of 1, 3, 5 against 2, 4: D = 1/3, as far as every order is', () => {
    const { statistic, p } = kolmogorovSmirnov([1, 3, 5], [2, 4]);
    close(statistic, 1 / 3, 'D');
    close(p, 1, 'p');
  });

  it('KS of 1, 2, 3 against 2.5, 4: D = 2/3 in 4 of the 10 orders and more in 2', () => {
    // Orders of a a a b b: D ≥ 2/3 where the first two or the last two are of one sample against its share.
    const { statistic, p } = kolmogorovSmirnov([1, 2, 3], [2.5, 4]);
    close(statistic, 2 / 3, 'D');
    close(p, orders(3, 2, 2 / 3), 'p');
  });

  it('classes: 3 of 5 right; of class 1 two of three predictions and two of three occurrences', () => {
    const scores = classificationScores([1, 1, 1, 0, 0], [1, 1, 0, 0, 1], 1);
    assert.deepEqual(scores, { accuracy: 0.6, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 });
    // Class 0: 1 of 2 and 1 of 2.
    close(classificationScores([1, 1, 1, 0, 0], [1, 1, 0, 0, 1]).f1, (2 / 3 + 1 / 2) / 2, 'macro F1');
    close(regressionAccuracy([90, 220], [100, 200]), 0.9, 'accuracy');
    assert.throws(() => regressionAccuracy([1], [1, 2]), /1 predictions of 2 actual values/);
  });

  it('counts rare categories as one', () => {
    const reference = [...Array.from({ length: 50 }, () => 'a'), ...Array.from({ length: 50 }, () => 'b')];
    const counted = countCategories(reference, [...reference.slice(0, 99), 'new']);
    assert.deepEqual(counted.names, ['a', 'b', '(rare)']);
    assert.deepEqual(counted.reference, [50, 50, 0]);
    assert.deepEqual(counted.current, [50, 49, 1]);
  });
});

/** The share of all orders of n and m values whose distance is at least d, by counting them. */
function orders(n: number, m: number, d: number): number {
  let [all, far] = [0, 0];
  const walk = (i: number, j: number, most: number): void => {
    const now = Math.max(most, Math.abs(i / n - j / m));
    if (i === n && j === m) {
      all += 1;
      if (now >= d - 1e-12) far += 1;
      return;
    }
    if (i < n) walk(i + 1, j, now);
    if (j < m) walk(i, j + 1, now);
  };
  walk(0, 0, 0);
  return far / all;
}

const sample = fc.array(fc.integer({ min: -30, max: 30 }), { minLength: 1, maxLength: 25 });

describe('statistics of drift, for any samples', () => {
  it('KS and Wasserstein are symmetric and KS the same under a monotone map', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const [forth, back] = [kolmogorovSmirnov(a, b), kolmogorovSmirnov(b, a)];
        assert.equal(forth.statistic, back.statistic);
        close(forth.p, back.p, 'p');
        const mapped = kolmogorovSmirnov(a.map(Math.exp), b.map(Math.exp));
        assert.deepEqual(mapped, forth);
        close(wassersteinDistance(a, b), wassersteinDistance(b, a), 'Wasserstein');
        close(cliffsDelta(a, b), -cliffsDelta(b, a), "Cliff's delta");
      }),
    );
  });

  it('exact p-values of KS are the share of orders as far', () => {
    const small = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(small, small, (a, b) => {
        const { statistic, p } = kolmogorovSmirnov(a, b);
        close(p, orders(a.length, b.length, statistic), 'p');
      }),
      { numRuns: 60 },
    );
  });

  it('PSI is never below 0, and 0 of a sample against itself; Jensen–Shannon lies in 0 … 1', () => {
    fc.assert(
      fc.property(sample, sample, fc.integer({ min: 2, max: 12 }), (a, b, bins) => {
        assert.ok(populationStability(a, b, bins) >= 0);
        assert.equal(populationStability(a, a, bins), 0);
        const distance = jensenShannon(a, b, bins);
        assert.ok(distance >= 0 && distance <= 1);
        assert.equal(
          countIn(quantileBins(a, bins), b).reduce((sum, x) => sum + x, 0),
          b.length,
        );
      }),
    );
  });

  it('PSI is symmetric in its counts and the same in either order of bins', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        close(stabilityOfCounts(a, b), stabilityOfCounts(b, a), 'PSI');
        close(stabilityOfCounts(a, b), stabilityOfCounts(a.toReversed(), b.toReversed()), 'PSI');
      }),
    );
  });

  it('adjusted p-values keep the order of the p-values and are never below them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }),
        (p) => {
          const adjusted = benjaminiHochberg(p);
          for (const [i, one] of p.entries()) {
            assert.ok(adjusted[i]! >= one * (1 - 1e-12) && adjusted[i]! <= 1);
            for (const [j, other] of p.entries()) if (one <= other) assert.ok(adjusted[i]! <= adjusted[j]!);
          }
        },
      ),
    );
  });

  it('no statistic takes what has no value or no number', () => {
    assert.throws(() => kolmogorovSmirnov([], [1]), /no value/);
    assert.throws(() => populationStability([1, 2, Number.NaN], [1]), /finite/);
    assert.throws(() => quantileBins([1, 2], 1), /do not divide/);
  });
});

describe('the energy test', () => {
  const points = (seed: number, count: number, turn: number) => {
    const [x, y] = [sequence(seed, count), sequence(seed + 1000, count)];
    // Sum and difference of two independent uniforms: the columns alone are the same whatever `turn` is.
    return Array.from(x, (a, i) => [a + y[i]!, turn * (a - y[i]!) + (turn === 0 ? a + y[i]! - 1 : 0)]);
  };

  it('sees a dependence that no column shows alone, and none where there is none', () => {
    const reference = points(1, 300, 1);
    assert.ok(energyTest(reference, points(2, 120, 1), { permutations: 199 }).p > 0.05);
    assert.equal(energyTest(reference, points(3, 120, 0), { permutations: 199 }).p, 1 / 200);
  });

  it('is what its definition says, and the same for the same seed', () => {
    const [a, b] = [[[0], [2]], [[1]]];
    // 2·(1 + 1)/2 − (0 + 2 + 2 + 0)/4 − 0 = 1, over 2·1.
    const found = energyTest(a, b, { permutations: 9, seed: 'x' });
    close(found.statistic, 1, 'energy');
    close(found.coefficient, 0.5, 'coefficient');
    assert.deepEqual(energyTest(a, b, { permutations: 9, seed: 'x' }), found);
    assert.deepEqual(energyDistance(a, b), { statistic: found.statistic, coefficient: found.coefficient });
  });
});

describe('the test of Page and Hinkley', () => {
  it('says when a stream rose, since when, and nothing of one that did not', () => {
    const calm = Array.from(sequence(5, 300));
    const options = { tolerance: 0.05, limit: 10, warmUp: 30 };
    assert.equal(pageHinkley(calm, options).alarmAt, null);
    const risen = [...calm, ...Array.from(sequence(6, 100), (x) => x + 1)];
    const { alarmAt, since } = pageHinkley(risen, options);
    assert.ok(alarmAt! >= 300 && alarmAt! < 330, `alarm at ${alarmAt}`);
    assert.ok(Math.abs(since! - 300) < 30, `since ${since}`);
  });

  it('counts what is over a given mean: 1, 1, 1 over 0 with a tolerance of 0.5 rises 1.5', () => {
    assert.deepEqual(pageHinkley([1, 1, 1], { tolerance: 0.5, limit: 1.2, mean: 0 }), {
      rise: 1.5,
      alarmAt: 2,
      since: 0,
    });
  });

  it('takes a value for no more than `most`, so that no single one is a change', () => {
    const storm = [0, 0, 50, 0, 0];
    const options = { tolerance: 0.5, limit: 10, mean: 0 };
    assert.equal(pageHinkley(storm, options).alarmAt, 2);
    assert.deepEqual(pageHinkley(storm, { ...options, most: 4 }), { rise: 3.5, alarmAt: null, since: null });
    // Three days of it are one.
    assert.equal(pageHinkley([0, 50, 50, 50, 0], { ...options, most: 4 }).alarmAt, 3);
  });
});
