import assert from 'node:assert/strict';
import fc from 'fast-check';
import pl from 'nodejs-polars';
import { BadInputError } from '../../src/errors.ts';
import { EnergyFeatureEngineer } from '../../src/features/engineer.ts';
import { createEnergySequenceDataset } from '../../src/sequences/dataset.ts';
import { SequenceGenerator } from '../../src/sequences/generator.ts';
import { sixColumns } from '../features/frames.ts';

/** Column `k` of row `i` is i + k/10, so that every number tells where it is from. */
const plain = (hours: number, region = 'PACW', options = {}) =>
  sixColumns({
    hours,
    region,
    value: (name, hour) => hour + ['demand_mw', 'generation_mw', 'solar_mw', 'wind_mw'].indexOf(name) / 10,
    ...options,
  });

describe('sequences', () => {
  it('are 35 of 168 hours × 149 features from 1,008 hours, a day apart', () => {
    const { sequences, features } = createEnergySequenceDataset(sixColumns({ hours: 1008 }));
    assert.equal(features.width, 153);
    assert.deepEqual(sequences.shape, [35, 168, 149]);
    for (const horizon of [1, 24]) {
      assert.equal(new SequenceGenerator({ horizon }).createSequences(features).length, 35);
    }
    assert.equal(new SequenceGenerator({ horizon: 25 }).createSequences(features).length, 34);
    const [batch, ...rest] = sequences.batches(16);
    assert.deepEqual(
      [batch!.inputShape, batch!.targetShape],
      [
        [16, 168, 149],
        [16, 149],
      ],
    );
    assert.deepEqual(
      rest.map(({ sequences: each }) => each.length),
      [16, 3],
    );
    const { inputs, targets } = sequences.stack();
    assert.deepEqual([inputs.length, targets.length], [35 * 168 * 149, 35 * 149]);
    assert.ok(inputs.every(Number.isFinite));
  });

  it('count as many as the formula for any hours, length, stride and horizon', () => {
    const size = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 90 }),
        size,
        size,
        size,
        (hours, sequenceLength, stride, horizon) => {
          const generator = new SequenceGenerator({ sequenceLength, stride, horizon });
          const expected = Math.floor((hours - sequenceLength - horizon) / stride) + 1;
          if (hours < sequenceLength + horizon) {
            assert.throws(() => generator.createSequences(plain(hours)), BadInputError);
          } else {
            assert.equal(generator.createSequences(plain(hours)).length, expected);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('show the hours they are named by, and the hours after as target', () => {
    const sequences = new SequenceGenerator({
      sequenceLength: 3,
      stride: 2,
      horizon: 2,
      scaling: 'none',
      dtype: 'float64',
    }).createSequences(plain(9));
    assert.equal(sequences.length, 3);
    const { input, target, start, region } = sequences.at(1);
    assert.equal(region, 'PACW');
    assert.equal(start.toISOString(), '2019-03-01T03:00:00.000Z');
    assert.deepEqual([...input], [2, 2.1, 2.2, 2.3, 3, 3.1, 3.2, 3.3, 4, 4.1, 4.2, 4.3]);
    assert.deepEqual([...target], [5, 5.1, 5.2, 5.3, 6, 6.1, 6.2, 6.3]);
    assert.deepEqual([...sequences.batches(2)][0]!.targetShape, [2, 2, 4]);
  });

  it('are windows on one buffer, targets too', () => {
    const features = new EnergyFeatureEngineer().createAllFeatures(sixColumns({ hours: 400 }));
    const dense = new SequenceGenerator({ stride: 1 }).createSequences(features);
    assert.equal(dense.length, 232);
    assert.equal(dense.bytes, 400 * 149 * 4);
    const buffers = new Set([...dense].flatMap(({ input, target }) => [input.buffer, target.buffer]));
    assert.equal(buffers.size, 1);
  });

  it('predict only the columns asked for', () => {
    const sequences = new SequenceGenerator({
      sequenceLength: 3,
      stride: 3,
      targetColumns: ['wind_mw', 'demand_mw'],
      scaling: 'none',
      dtype: 'float64',
    }).createSequences(plain(8));
    assert.deepEqual(sequences.targetNames, ['wind_mw', 'demand_mw']);
    assert.deepEqual(
      [...sequences].map(({ target }) => [...target]),
      [
        [3.3, 3],
        [6.3, 6],
      ],
    );
  });

  it('cross neither regions nor gaps', () => {
    const frame = pl.concat([plain(10, 'ERCO', { without: [4] }), plain(6, 'PACW')]);
    const sequences = new SequenceGenerator({
      sequenceLength: 3,
      stride: 1,
      scaling: 'none',
    }).createSequences(frame);
    assert.deepEqual(
      [...sequences].map(({ region, start }) => `${region} ${start.getUTCHours()}`),
      ['ERCO 1', 'ERCO 6', 'ERCO 7', 'PACW 1', 'PACW 2', 'PACW 3'],
    );
    for (const { input } of sequences) assert.equal(input[8]! - input[0]!, 2);
  });

  it('have mean 0 and spread 1 after scaling, 0 for nulls, and the scaling can be used again', () => {
    const gappy = sixColumns({
      hours: 30,
      value: (name, hour) => (name === 'wind_mw' ? null : name === 'solar_mw' && hour === 2 ? null : hour),
    });
    const fitted = new SequenceGenerator({ sequenceLength: 29, stride: 1, dtype: 'float64', masks: true });
    const first = fitted.createSequences(gappy);
    assert.deepEqual(first.featureNames.slice(4), [
      'has_demand_mw',
      'has_generation_mw',
      'has_solar_mw',
      'has_wind_mw',
    ]);
    const { input, target } = first.at(0);
    const demand = [...input].filter((_, i) => i % 8 === 0).concat(target[0]!);
    const mean = demand.reduce((sum, value) => sum + value, 0) / 30;
    assert.ok(Math.abs(mean) < 1e-12);
    assert.ok(Math.abs(demand.reduce((sum, value) => sum + value ** 2, 0) / 30 - 1) < 1e-12);
    assert.deepEqual(
      [...input.slice(2 * 8 + 2, 2 * 8 + 8)],
      [0, 0, 1, 1, 0, 0],
      'solar and wind null at row 2',
    );

    const again = new SequenceGenerator({ sequenceLength: 3, scaling: first.scaling, dtype: 'float64' });
    const next = again.createSequences(sixColumns({ hours: 4, value: () => 14.5 }));
    assert.equal(next.at(0).input[0], 0, 'the mean of the first frame');
  });

  it('keep nulls as NaN where nothing is scaled', () => {
    const frame = sixColumns({ hours: 4, value: (_name, hour) => (hour === 1 ? null : hour) });
    const { input } = new SequenceGenerator({ sequenceLength: 3, scaling: 'none' })
      .createSequences(frame)
      .at(0);
    assert.deepEqual([...input.slice(0, 5)], [0, 0, 0, 0, Number.NaN]);
  });

  const generator = new SequenceGenerator({ sequenceLength: 3, stride: 1 });
  for (const [what, act, names] of [
    ['no rows', () => generator.createSequences(plain(3).slice(0, 0)), /no rows/],
    ['too few hours', () => generator.createSequences(plain(3)), /has 3; .* need 4/],
    [
      'hours out of order',
      () => generator.createSequences(plain(6).sort('timestamp', true)),
      /not in order.*PACW at 2019/,
    ],
    [
      'a region in two places',
      () => generator.createSequences(pl.concat([plain(5), plain(5, 'ERCO'), plain(9).slice(5, 4)])),
      /not in order.*PACW/,
    ],
    [
      'a doubled hour',
      () => generator.createSequences(pl.concat([plain(5), plain(5).slice(4, 1)])),
      /not in order/,
    ],
    ['no timestamp', () => generator.createSequences(plain(6).drop('timestamp')), /no column timestamp/],
    [
      'no numbers',
      () => generator.createSequences(plain(6).select('timestamp', 'region')),
      /no numeric column/,
    ],
    [
      'a target that is not there',
      () => new SequenceGenerator({ sequenceLength: 3, targetColumns: ['price'] }).createSequences(plain(6)),
      /no numeric column price/,
    ],
    [
      'a scaling of other columns',
      () =>
        new SequenceGenerator({
          sequenceLength: 3,
          scaling: { columns: ['price'], mean: [0], std: [1] },
        }).createSequences(plain(6)),
      /other columns.*demand_mw/,
    ],
    ['a length of nothing', () => new SequenceGenerator({ sequenceLength: 0 }), /sequenceLength/],
    ['an unknown option', () => new SequenceGenerator({ length: 3 } as never), /length/],
    ['a sequence that is not there', () => generator.createSequences(plain(6)).at(9), /no sequence 9.*are 3/],
    ['a batch of nothing', () => [...generator.createSequences(plain(6)).batches(0)], /batch of 0/],
  ] as const) {
    it(`refuse ${what}`, () => {
      assert.throws(act, (error: unknown) => error instanceof BadInputError && names.test(error.line));
    });
  }
});
