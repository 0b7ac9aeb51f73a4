import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HOUR_SECONDS, fromHourStamp } from '../../src/contracts/time.ts';
import { driftThresholds } from '../../src/contracts/drift.ts';
import { gaussians, randomOf } from '../../src/model/random.ts';
import { baselineFor } from '../../src/monitoring/drift/baseline-hours.ts';
import { chanceAmong } from '../../src/monitoring/drift/calibration.ts';
import { conceptDrift } from '../../src/monitoring/drift/concept-drift.ts';
import { decide, factsOf, findingsOf } from '../../src/monitoring/drift/findings.ts';
import { inputDrift } from '../../src/monitoring/drift/input-drift.ts';
import { jointDrift } from '../../src/monitoring/drift/joint-drift.ts';
import { renderDriftPage } from '../../src/monitoring/drift/page.ts';
import { performanceDrift, type PerformanceDrift } from '../../src/monitoring/drift/performance-drift.ts';
import type { Undecided } from '../../src/monitoring/drift/region-drift.ts';
import { seasonalDistance } from '../../src/monitoring/drift/seasonal-distance.ts';
import type { ScoredHours } from '../../src/monitoring/drift/scored-hours.ts';
import type { WatchedSeries } from '../../src/monitoring/drift/watched-series.ts';

const YEAR_ROWS = 364 * 24;
const WINDOW_ROWS = 30 * 24;
const limits = driftThresholds.parse({});
const PACW = { region: 'PACW', first: fromHourStamp('2015-07-01T09') };

/** Demand with a day, a year, weather that lasts for days, and growth. */
function invented(years: number, seed: string): Float64Array {
  const rows = Math.round(years * YEAR_ROWS);
  const noise = gaussians(randomOf('weather', seed), rows, 1);
  let weather = 0;
  return Float64Array.from({ length: rows }, (_, row) => {
    weather = 0.98 * weather + 0.006 * noise[row]!;
    const day = 1 + 0.15 * Math.sin((2 * Math.PI * row) / 24);
    const year = 1 + 0.2 * Math.cos((2 * Math.PI * row) / YEAR_ROWS);
    return 2000 * day * year * Math.exp(weather) * (1 + 0.02 * (row / YEAR_ROWS));
  });
}

const demand = (values: Float64Array): WatchedSeries => ({
  ...{ name: 'demand', label: 'demand, level', values, against: 'recent level' },
});

const lookAt = (values: Float64Array) =>
  inputDrift(PACW, [demand(values)], { from: values.length - WINDOW_ROWS, to: values.length });

describe('drift of a series by season', () => {
  it('ranks each value among those of the same hour of the day', () => {
    const reference = Array.from({ length: 24 }, (_, hour) =>
      Array.from({ length: 20 }, (_, k) => 100 * hour + k),
    );
    const same = seasonalDistance(reference, reference)!;
    assert.deepEqual([same.hours, same.psi, Math.abs(same.delta) < 1e-12], [480, 0, true]);
    assert.ok(same.ks <= 0.5 / 20 + 1e-12);
    // As another hour's value each would be common; as its own hour's it is beyond all.
    const higher = reference.map((values) => values.map((value) => value + 50));
    const { ks, delta } = seasonalDistance(higher, reference)!;
    assert.deepEqual([ks, delta], [1, 1]);
  });

  it('does not compare hours that are always the same, nor where too little is left', () => {
    const night = Array.from({ length: 24 }, () => Array.from({ length: 20 }, () => 0));
    assert.equal(seasonalDistance(night, night), null);
  });

  it('is the same under any monotone map of the values', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (seed) => {
        const random = randomOf('monotone', seed);
        const draw = (count: number) =>
          Array.from({ length: 24 }, () => Array.from({ length: count }, () => random()));
        const [a, b] = [draw(3), draw(12)];
        const mapped = (values: number[][]) => values.map((hour) => hour.map((x) => Math.exp(3 * x)));
        assert.deepEqual(seasonalDistance(mapped(a), mapped(b)), seasonalDistance(a, b));
      }),
      { numRuns: 20 },
    );
  });

  it('takes neither season nor growth nor weather for drift', () => {
    const chances = Array.from({ length: 8 }, (_, i) => {
      const [found] = lookAt(invented(3 + i / 8, `stable ${i}`)).series;
      assert.ok(found!.usual.windows > 80);
      return found!.p!;
    });
    // Of eight looks one may be below 0.05; by the usual test of Kolmogorov and Smirnov nearly all would be.
    assert.ok(chances.filter((p) => p < 0.05).length <= 1, chances.join(', '));
    assert.ok(chances.every((p) => p > 0.005));
  });

  it('sees a level that no earlier year has had', () => {
    const values = invented(4, 'stable');
    for (let row = values.length - WINDOW_ROWS; row < values.length; row++) values[row]! *= 1.25;
    const [found] = lookAt(values).series;
    assert.ok(found!.p! < 0.005, `p ${found!.p}`);
    assert.ok(found!.psi > 0.25 && found!.delta > 0.5);
  });

  it('looks at nothing but the window and what came before it', () => {
    const values = invented(4, 'stable');
    const window = { from: 3 * YEAR_ROWS, to: 3 * YEAR_ROWS + WINDOW_ROWS };
    const honest = inputDrift(PACW, [demand(values)], window);
    const garbage = values.map((mw, row) => (row >= window.to ? -5 * mw : mw));
    assert.deepEqual(inputDrift(PACW, [demand(garbage)], window), honest);
  });

  it('says what it cannot judge', () => {
    assert.match(lookAt(invented(0.8, 'young')).notJudged[0]!, /no earlier year/);
    const young = lookAt(invented(1.4, 'young'));
    assert.match(young.notJudged[0]!, /too few earlier windows/);
    assert.equal(young.series[0]!.p, null);
  });
});

describe('drift of all series together', () => {
  /** Two series that share each day's weather, in the last window with its sign turned. */
  const pair = (years: number, seed: string, turn: number): WatchedSeries[] => {
    const rows = Math.round(years * YEAR_ROWS);
    const [shared, own] = ['shared', 'own'].map((what) =>
      gaussians(randomOf(what, seed), Math.ceil(rows / 24), 1),
    ) as [Float32Array, Float32Array];
    const one = Float64Array.from({ length: rows }, (_, row) => shared[Math.floor(row / 24)]!);
    const other = one.map(
      (x, row) => (row >= rows - WINDOW_ROWS ? turn : 1) * x + 0.3 * own[Math.floor(row / 24)]!,
    );
    return [one, other].map((values, i) => ({
      ...{ name: `series ${i}`, label: `series ${i}`, values, against: 'nothing' as const },
    }));
  };
  const spanOf = (series: WatchedSeries[]) => {
    const to = series[0]!.values.length;
    return { from: to - WINDOW_ROWS, to };
  };

  it('sees series that no longer go together, which no series shows alone', () => {
    const turned = pair(4, 'turned', -1);
    assert.ok(inputDrift(PACW, turned, spanOf(turned)).series.every(({ p }) => p! > 0.05));
    const { p, coefficient, usual, features, days } = jointDrift(turned, spanOf(turned))!;
    assert.ok(p < 0.02 && coefficient > 3 * usual.coefficient, `p ${p}`);
    assert.deepEqual([features, days], [['series 0', 'series 1'], 30]);
  });

  it('says nothing of series that go on as they did', () => {
    const chances = Array.from({ length: 4 }, (_, i) => {
      const series = pair(3 + i / 4, `stable ${i}`, 1);
      return jointDrift(series, spanOf(series))!.p;
    });
    assert.ok(chances.filter((p) => p < 0.05).length <= 1, chances.join(', '));
    assert.ok(chances.every((p) => p > 0.005));
  });

  it('looks at nothing but the window and what came before it', () => {
    const series = pair(4, 'honest', 1);
    const window = { from: 3 * YEAR_ROWS, to: 3 * YEAR_ROWS + WINDOW_ROWS };
    const garbage = series.map((one) => ({
      ...one,
      values: one.values.map((x, row) => (row >= window.to ? 9 - x : x)),
    }));
    assert.deepEqual(jointDrift(garbage, window), jointDrift(series, window));
  });

  const usual = { coefficient: 0.05, windows: 150 };
  const regionOf = (region: 'ERCO' | 'MISO', p: number | null): Undecided => ({
    ...{ region, window: { from: '2018-10-02T01', to: '2018-11-01T00' }, series: [], prediction: null },
    ...{ performance: null, concept: null, operatorAbsent: null, notJudged: [] },
    joint: p === null ? null : { features: ['demand', 'solar'], days: 30, coefficient: 0.21, p, usual },
  });

  it('is one finding and one line of a region, adjusted among those of all regions', () => {
    const regions = decide([regionOf('ERCO', 0.01), regionOf('MISO', 0.6), regionOf('MISO', null)], limits);
    assert.deepEqual(
      regions.map(({ joint }) => joint && [joint.adjustedP, joint.drifted]),
      [[0.02, true], [0.6, false], null],
    );
    const findings = findingsOf(regions);
    assert.deepEqual(
      findings.map(({ kind, region }) => [kind, region]),
      [['data', 'ERCO']],
    );
    assert.match(findings[0]!.what, /all inputs together .*0\.21 where 0\.05 is usual, p 0\.020/);
    const page = renderDriftPage({
      ...{ model: { name: 'watched', version: 1 }, asOf: '2018-11-01T00', windowDays: 30 },
      ...{ thresholds: limits, regions, findings, facts: factsOf(regions, findings) },
    });
    assert.match(
      page,
      /All inputs together: energy coefficient 0\.21 where 0\.05 is usual, p 0\.020: drift\./,
    );
    assert.match(page, /All inputs together: .* p 0\.600: no drift\./);
  });

  it('says in words whether hours have become harder, or easier', () => {
    const said = (beyondNaive: number) => {
      const performance: PerformanceDrift = {
        ...{
          hours: 744,
          baselineHours: 2184,
          against: 'its whole backtest',
          mape: 0.069,
          baselineMape: 0.0287,
        },
        ...{ naiveMape: 0.05, baselineNaiveMape: 0.1, operatorMape: null, baselineOperatorMape: null },
        ...{ growth: 2.4, beyondNaive, statistic: 9, drifted: 'error growth' },
      };
      const alone = { ...regionOf('ERCO', null), performance, series: [], joint: null, prediction: null };
      return findingsOf([alone])[0]!.what;
    };
    assert.match(said(2.4 / 0.46), /, and hours are 54 % easier by the week-ago value\.$/);
    assert.match(said(2), /, and hours are 20 % harder by/);
    assert.match(said(2.4), /, and hours are as hard by/);
  });

  it('needs two series, and a past that has both', () => {
    const [one, two] = pair(4, 'short', 1) as [WatchedSeries, WatchedSeries];
    const window = spanOf([one]);
    assert.equal(jointDrift([one], window), null);
    const late = { ...two, values: two.values.map((x, row) => (row < 2.8 * YEAR_ROWS ? Number.NaN : x)) };
    assert.equal(jointDrift([one, late], window), null);
  });
});

describe('the chance of a distance', () => {
  const past = Array.from({ length: 40 }, (_, i) => 0.1 + 0.005 * i);

  it('is a half in the middle of the past, small beyond it, and more careful of a short past', () => {
    const odds = (x: number) => Math.log(x / (1 - x));
    const mean = past.reduce((sum, x) => sum + odds(x), 0) / past.length;
    const middle = 1 / (1 + Math.exp(-mean));
    assert.ok(Math.abs(chanceAmong(middle, past, 20)! - 0.5) < 1e-12);
    assert.ok(chanceAmong(0.9, past, 20)! < 1e-4);
    assert.ok(chanceAmong(0.9, past, 7)! > chanceAmong(0.9, past, 20)!);
    assert.equal(chanceAmong(0.9, past, 3), null);
  });
});

/** Day-ahead answers with errors of 2 % that last for some hours. */
function scored(days: number, from: string, seed: string, bias = 0, error = 0.02): ScoredHours {
  const rows = days * 24;
  const noise = gaussians(randomOf('errors', seed), rows, 1);
  const first = fromHourStamp(from);
  let residual = 0;
  const validAt = Float64Array.from({ length: rows }, (_, row) => first + row * HOUR_SECONDS);
  const model = validAt.map((_, row) => 2000 + 300 * Math.sin((2 * Math.PI * row) / 24));
  const actual = model.map((mw, row) => {
    residual = 0.8 * residual + 0.6 * error * noise[row]!;
    return mw * Math.exp(residual + bias);
  });
  const naive = actual.map((mw, row) => mw * Math.exp(0.06 * noise[(row + 7) % rows]!));
  return { validAt, actual, model, operator: model.map((mw) => 1.01 * mw), naive };
}

const window = (bias = 0, error = 0.02) => scored(30, '2019-01-01T09', 'window', bias, error);
const baseline = baselineFor(
  scored(120, '2018-08-01T09', 'baseline'),
  { from: fromHourStamp('2019-01-01T09'), to: fromHourStamp('2019-01-31T08') },
  fromHourStamp('2019-01-31T09'),
);

describe("a model's errors against those of its backtest", () => {
  it('have not drifted where they are drawn alike', () => {
    assert.equal(performanceDrift(window(), baseline, limits).drifted, null);
    const { given, stream } = conceptDrift('PACW', window(), baseline.hours, limits);
    assert.deepEqual(
      given.map(({ input, drifted }) => [input, drifted]),
      [
        ['hour of the day', false],
        ['forecast’s level', false],
        ['operator’s forecast to the week before', false],
      ],
    );
    assert.ok(stream.every(({ since }) => since === null));
  });

  it('have grown, or accuracy has dropped by more than the limit', () => {
    const grown = performanceDrift(window(0, 0.035), baseline, limits);
    assert.equal(grown.drifted, 'error growth');
    assert.ok(Math.abs(grown.growth - 1.75) < 0.25, `growth ${grown.growth}`);
    const dropped = performanceDrift(window(0.09), baseline, limits);
    assert.equal(dropped.drifted, 'accuracy drop');
    assert.ok(dropped.mape - dropped.baselineMape > 0.05);
  });

  it('may grow as much as hours have become harder for the week-ago value', () => {
    const harder = window(0, 0.035);
    harder.naive.forEach(
      (mw, row) => (harder.naive[row] = harder.actual[row]! + 1.8 * (mw - harder.actual[row]!)),
    );
    assert.equal(performanceDrift(harder, baseline, limits).drifted, null);
  });

  it('may be wild on a single day, or on two', () => {
    const storm = window();
    for (let row = 10 * 24; row < 12 * 24; row++) storm.actual[row]! *= 1.5;
    const { stream } = conceptDrift('PACW', storm, baseline.hours, limits);
    assert.deepEqual(
      stream.map(({ since }) => since),
      [null, null, null],
    );
  });

  it('have another mean at the same inputs, and since when', () => {
    const { given, stream, bias } = conceptDrift('PACW', window(0.03), baseline.hours, limits);
    assert.ok(Math.abs(bias - 0.03) < 0.005);
    assert.ok(given.every(({ drifted, effect }) => drifted && effect > 0.5));
    const above = stream.find(({ what }) => what === 'demand is above the forecasts')!;
    assert.ok(above.since! < fromHourStamp('2019-01-05T09') && above.noticedAt! > above.since!);
    assert.equal(stream.find(({ what }) => what === 'demand is below the forecasts')!.since, null);
  });

  it('have another shape of the day without any bias', () => {
    const shifted = window();
    shifted.actual.forEach(
      (mw, row) => (shifted.actual[row] = mw * (1 + 0.03 * Math.cos((Math.PI * row) / 12))),
    );
    const { given, bias } = conceptDrift('PACW', shifted, baseline.hours, limits);
    assert.ok(Math.abs(bias) < 0.005);
    assert.equal(given[0]!.drifted, true);
  });

  it('are held against their own season where the backtest has all of them, and never against the window', () => {
    const year = scored(364, '2018-01-01T09', 'year');
    const span = { from: fromHourStamp('2018-12-01T09'), to: fromHourStamp('2018-12-30T08') };
    const { hours, says } = baselineFor(year, span, fromHourStamp('2018-12-30T09'));
    assert.equal(says, 'the same season of its backtest');
    const days = new Set([...hours.validAt].map((at) => new Date(at * 1000).toISOString().slice(5, 7)));
    assert.deepEqual([...days].toSorted(), ['01', '10', '11', '12']);
    assert.ok(hours.validAt.every((at) => at < span.from || at > span.to));
  });
});
