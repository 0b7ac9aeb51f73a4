import assert from 'node:assert/strict';
import { trainingSettings } from '../../src/contracts/training.ts';
import { onceByKey, writeContent } from '../../src/lake/artifacts.ts';
import { encodeSafetensors } from '../../src/lake/safetensors.ts';
import { resolveModel } from '../../src/model/config.ts';
import { layoutOf } from '../../src/model/parameters.ts';
import { namedTensors } from '../../src/model/weights.ts';
import { seriesData, type SeriesData } from '../../src/series/series-data.ts';
import { channelsOf, hasYears, knowsYears, levelRows, tokenInputs } from '../../src/series/token-inputs.ts';
import { transformerForecaster } from '../../src/series/transformer-forecaster.ts';
import { clean, csvOf, HOUR, hourlyLines, seriesHome, waves, type SeriesHome } from './files.ts';

const plan = {
  horizon: 6,
  context: 30,
  split: { unit: 'fractions', train: 0.6, validation: 0.2, test: 0.2 },
} as const;

const dataOf = (): SeriesData =>
  seriesData(
    clean(
      csvOf(
        hourlyLines(300, (row) => `${waves(row)},${row % 7}`),
        'time,load,wind',
      ),
      {
        covariates: ['wind'],
      },
    ),
    plan,
  ).data;

/** A network nobody has trained: what its weights say is up to `weight`. */
async function network(at: SeriesHome, data: SeriesData, weight: (i: number) => number) {
  const model = resolveModel(trainingSettings.parse({ width: 16, heads: 1, layers: 1 }), {
    channels: channelsOf(data, false),
    regions: data.names,
    horizon: data.horizon,
    given: { scale: 0.5 },
  });
  const layout = layoutOf(model);
  const weights = Float32Array.from({ length: layout.size }, (_, i) => weight(i));
  const bytes = encodeSafetensors(namedTensors(weights, layout), {});
  const work = { kind: 'training' as const, stage: 'test', version: 1, settings: {}, inputs: [] };
  const { reference } = await onceByKey(at.home, work, async () => ({
    files: [{ ...(await writeContent(at.home, 'training', 'safetensors', bytes)), role: 'weights' }],
    rows: 1,
    details: { model: JSON.parse(JSON.stringify(model)) },
  }));
  return transformerForecaster(at.home, reference, data.context);
}

describe('the transformer on a series', () => {
  it('is told the last day, the calendar and the covariates ahead, and nothing of the targets ahead', () => {
    const data = dataOf();
    const channels = channelsOf(data, false);
    const at = (name: string) => {
      const place = channels.indexOf(name);
      assert.ok(place >= 0, name);
      return tokenInputs(data, 0, false, 100, 101).inputs[place]!;
    };
    const values = data.values[0]!;
    const level = values.subarray(100 - levelRows(data) + 1, 101).reduce((a, b) => a + b) / 24;
    const close = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);
    close(at('level'), level);
    close(at('value 0 rows ago'), values[100]! - level);
    close(at('value 23 rows ago'), values[77]! - level);
    // Row 100 is of 04:00.
    close(at('day, sine'), Math.sin((2 * Math.PI * 4) / 24));
    close(at('wind at 0 of the horizon'), data.covariates[0]![101]!);
    close(at('wind at 1 of the horizon'), data.covariates[0]![106]!);
    const before = tokenInputs(data, 0, false, 0, 101).inputs;
    data.values[0]!.fill(1e6, 101);
    assert.deepEqual(tokenInputs(data, 0, false, 0, 101).inputs, before);
  });

  it('is told the season only where two years were seen', () => {
    assert.equal(knowsYears(12 * 30 * 24, HOUR), false);
    assert.equal(knowsYears(2 * 366 * 24, HOUR), true);
    assert.ok(hasYears(channelsOf(dataOf(), true)));
    assert.ok(!hasYears(channelsOf(dataOf(), false)));
  });

  it('says the level before it has learned, and the same of an origin in any batch afterwards', async () => {
    const data = dataOf();
    await using untrained = await seriesHome();
    const level = await (await network(untrained, data, () => 0)).predict(data, 0, 200, 2);
    const levels = tokenInputs(data, 0, false, 199, 201).level;
    level.forEach((value, i) => assert.equal(value, levels[Math.floor(i / plan.horizon)]));

    await using at = await seriesHome();
    const forecaster = await network(at, data, (i) => 0.3 * Math.sin(i * 12.9898));
    const many = await forecaster.predict(data, 0, 200, 3);
    const alone = await forecaster.predict(data, 0, 200, 1);
    alone.forEach((value, h) => assert.ok(Math.abs(many[h]! - value) < 1e-5));
    assert.ok(Math.abs(alone[0]! - levels[0]!) > 1e-3);
  });
});
