import assert from 'node:assert/strict';
import { BlendFit } from '../../src/series/blend.ts';
import { compare } from '../../src/series/comparison.ts';
import type { SeriesForecaster } from '../../src/series/forecaster.ts';
import { centreGram, cholesky, solve, windowGram } from '../../src/series/gram.ts';
import { fitLinear, linearForecaster } from '../../src/series/linear.ts';
import { baselines } from '../../src/series/naive.ts';
import { seriesData } from '../../src/series/series-data.ts';
import { partsOf, requireWindows, windowsIn } from '../../src/series/split.ts';
import { HOUR, START, waves } from './files.ts';

const close = (a: number, b: number, within = 1e-9) =>
  assert.ok(Math.abs(a - b) <= within * (1 + Math.abs(b)), `${a} is not ${b}`);

function series(rows: number, covariate?: (row: number) => number) {
  const column = (valueAt: (row: number) => number, length = rows) =>
    Float64Array.from({ length }, (_, row) => valueAt(row));
  return {
    start: START,
    step: HOUR,
    rows,
    targets: new Map([
      ['load', column((row) => waves(row) + 3 * (covariate?.(row) ?? 0))],
      ['heat', column((row) => waves(row, 5))],
    ]),
    covariates: new Map(covariate ? [['wind', column(covariate, rows + 24)]] : []),
    repairs: [],
  };
}

const plan = {
  horizon: 24,
  context: 48,
  split: { unit: 'fractions', train: 0.6, validation: 0.2, test: 0.2 },
} as const;

describe('splits', () => {
  it('have the borders of the published ETTh and ETTm tables', () => {
    const months = { unit: 'months', train: 12, validation: 4, test: 4 } as const;
    const { train, validation, test, unused } = partsOf(17_420, HOUR, months);
    assert.deepEqual(train, { from: 0, to: 12 * 30 * 24 });
    assert.deepEqual(validation, { from: 8640, to: 8640 + 4 * 30 * 24 });
    assert.deepEqual(test, { from: 11_520, to: 14_400 });
    assert.equal(unused, 3020);
    assert.equal(partsOf(69_680, 900, months).test.to, 4 * 14_400);
    // Windows of a look-back of 336 and a horizon of 96, as the tables count them without a dropped batch.
    assert.equal(windowsIn(train, 336, 96), 8640 - 336 - 96 + 1);
    assert.equal(windowsIn(test, 336, 96), 2880 - 96 + 1);
    const shares = partsOf(26_304, HOUR, { unit: 'fractions', train: 0.7, validation: 0.1, test: 0.2 });
    assert.deepEqual(shares.test, { from: 26_304 - 5260, to: 26_304 });
    assert.deepEqual(shares.validation, { from: 18_412, to: 26_304 - 5260 });
  });

  it('are refused with numbers when a part holds no window', () => {
    const refused = (rows: number, context: number, horizon: number, pattern: RegExp) =>
      assert.throws(() => requireWindows(partsOf(rows, HOUR, plan.split), rows, context, horizon), pattern);
    refused(100, 90, 24, /The series has 100 rows; a context of 90 and a horizon of 24 need at least 114\./);
    refused(100, 30, 24, /The validation part has 20 rows of 100; a horizon of 24 needs 24\./);
    refused(
      110,
      60,
      20,
      /The train part has 66 rows of 110; a horizon of 20 after a context of 60 needs 80\./,
    );
    assert.throws(
      () => partsOf(1000, HOUR, { unit: 'months', train: 12, validation: 4, test: 4 }),
      /needs 14400 rows of 1h; the series has 1000\./,
    );
  });

  it('refuse a column that does not vary in the training part', () => {
    const data = series(500);
    data.targets.get('heat')!.fill(7, 0, 300);
    assert.throws(() => seriesData(data, plan), /Column heat is 7 all through the training part/);
    data.targets.get('heat')!.set([7 + 1e-14]);
    assert.throws(
      () => seriesData(data, plan),
      /Column heat differs by no more than rounding from 7\.\d+ all/,
    );
  });
});

describe('the linear forecaster', () => {
  it('knows the products of all windows from one pass', () => {
    const values = Float64Array.from({ length: 60 }, (_, row) => Math.sin(row) + row / 30);
    const [from, windows, context, width] = [5, 40, 6, 9];
    const gram = windowGram(values, from, windows, width);
    const expected = new Float64Array(width * width);
    const centred = new Float64Array(width * width);
    for (let t = from; t < from + windows; t++) {
      const window = values.subarray(t, t + width);
      const mean = window.subarray(0, context).reduce((a, b) => a + b) / context;
      for (let i = 0; i < width; i++) {
        for (let j = 0; j < width; j++) {
          expected[i * width + j]! += window[i]! * window[j]!;
          centred[i * width + j]! += (window[i]! - mean) * (window[j]! - mean);
        }
      }
    }
    gram.forEach((value, i) => close(value, expected[i]!));
    centreGram(gram, width, context);
    gram.forEach((value, i) => close(value, centred[i]!));
  });

  it('solves what it says', () => {
    const a = Float64Array.of(4, 2, 1, 2, 5, 3, 1, 3, 6);
    const x = solve(cholesky(a, 3, 3, 0), 3, Float64Array.of(1, 2, 3, 4, 5, 6), 2);
    for (let i = 0; i < 3; i++) {
      for (let c = 0; c < 2; c++) {
        close(a[3 * i]! * x[c]! + a[3 * i + 1]! * x[2 + c]! + a[3 * i + 2]! * x[4 + c]!, 1 + 2 * i + c);
      }
    }
  });

  it('errs on the validation part by what it says, and beats what needs no training', async () => {
    const { data, parts } = seriesData(series(900), plan);
    const model = fitLinear(data, parts);
    const candidates = [linearForecaster(model), ...baselines(HOUR, plan.context)];
    const { scores, chosen } = await compare(candidates, data, parts, () => {});
    assert.equal(chosen, 'linear');
    const claimed = model.targets.reduce((sum, { validationMse }) => sum + validationMse / 2, 0);
    close(scores[0]!.validation.mse, claimed, 1e-6);
    assert.ok(scores[0]!.test.mse < 0.5 * scores[2]!.test.mse, JSON.stringify(scores));
  });

  it('uses a covariate where it helps', async () => {
    const wind = (row: number) => Math.sin(row * row * 0.37) * 6;
    const { data, parts } = seriesData(series(900, wind), plan);
    const model = fitLinear(data, parts);
    assert.ok(model.targets[0]!.slopes, 'load follows the wind');
    const seen = await linearForecaster(model).predict(data, 0, 700, 2);
    const truth = data.values[0]!.subarray(701, 701 + plan.horizon);
    truth.forEach((value, h) => assert.ok(Math.abs(seen[plan.horizon + h]! - value) < 0.15, `step ${h}`));
  });
});

describe('a comparison', () => {
  it('counts every window: the same as a loop over them one by one', async () => {
    const { data, parts } = seriesData(series(3000), plan);
    const [last] = baselines(HOUR, plan.context);
    const { scores } = await compare([last!], data, parts, () => {});
    let [squared, absolute, count] = [0, 0, 0];
    for (const values of data.values) {
      for (let origin = parts.test.from; origin + plan.horizon <= parts.test.to; origin++) {
        for (let h = 0; h < plan.horizon; h++) {
          const error = values[origin + h]! - values[origin - 1]!;
          squared += error ** 2;
          absolute += Math.abs(error);
          count++;
        }
      }
    }
    // More than one batch, and the last one not full.
    assert.ok(count / (2 * plan.horizon) > 256 && (count / (2 * plan.horizon)) % 256 !== 0);
    close(scores[0]!.test.mse, squared / count);
    close(scores[0]!.test.mae, absolute / count);
    const { deviation } = data.scales[0]!;
    close(scores[0]!.targets[0]!.maeOriginal, scores[0]!.targets[0]!.mae * deviation);
  });

  it('says how often its intervals held, and mixes two that err apart', async () => {
    const { data, parts } = seriesData(series(1500), plan);
    const off = (name: string, by: number): SeriesForecaster => ({
      name,
      learned: true,
      predict: ({ values, horizon }, target, origin, count) =>
        Promise.resolve(
          Float64Array.from(
            { length: count * horizon },
            (_, i) => values[target]![origin + Math.floor(i / horizon) + (i % horizon)]! + by,
          ),
        ),
    });
    const found = await compare([off('high', 0.3), off('low', -0.1)], data, parts, () => {});
    assert.equal(found.chosen, 'blend');
    found.shares!.forEach((share) => close(share, 0.75));
    close(found.scores.at(-1)!.test.mse, 0, 1e-12);
    const noisy: SeriesForecaster = {
      ...off('noisy', 0),
      predict: async (seen, target, origin, count) => {
        const exact = await off('', 0).predict(seen, target, origin, count);
        return exact.map((value, i) => value + Math.sin(origin * 31 + i * i) * 0.5);
      },
    };
    const { coverage } = await compare([noisy], data, parts, () => {});
    assert.ok(coverage > 0.74 && coverage < 0.86, `${coverage}`);
  });

  it('bets on no share beyond one of the two', () => {
    const fit = new BlendFit();
    fit.add(Float64Array.of(0), Float64Array.of(1), Float64Array.of(3), 0, 1);
    assert.equal(fit.share, 1);
  });
});
