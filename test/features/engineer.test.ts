import assert from 'node:assert/strict';
import fc from 'fast-check';
import pl from 'nodejs-polars';
import { BadInputError } from '../../src/errors.ts';
import { EnergyFeatureEngineer } from '../../src/features/engineer.ts';
import { assertSameRows, plausible, sixColumns, values } from './frames.ts';

const engineer = new EnergyFeatureEngineer({ dtype: 'float64' });
const at = (frame: pl.DataFrame, name: string, row: number) => values(frame, name)[row];

describe('feature engineering', () => {
  it('makes 153 columns of six, 149 of them numbers, in the categories promised', () => {
    const frame = new EnergyFeatureEngineer().createAllFeatures(sixColumns({ hours: 30 }));
    assert.deepEqual(frame.shape, { height: 30, width: 153 });
    const numeric = frame.columns.filter((name) =>
      frame.getColumn(name).dtype.toString().includes('Float32'),
    );
    assert.equal(numeric.length, 149);
    assert.deepEqual(
      frame.columns.filter((name) => !numeric.includes(name)),
      ['timestamp', 'region', 'season', 'day_type'],
    );
    const counts = Object.groupBy(engineer.catalogue(), ({ category }) => category);
    assert.deepEqual(
      Object.entries(counts).map(([name, entries]) => [name, entries?.length]),
      [
        ['original', 6],
        ['temporal', 18],
        ['renewable', 10],
        ['supply-demand', 7],
        ['lagged', 40],
        ['rolling', 72],
      ],
    );
    assert.deepEqual(
      frame.columns,
      engineer.catalogue().map(({ name }) => name),
    );
  });

  it('computes what can be computed by hand', () => {
    const series = { demand_mw: 100, generation_mw: 80, solar_mw: 10, wind_mw: 30 };
    const rows = sixColumns({
      hours: 30,
      value: (name, hour) => series[name as keyof typeof series] + (name === 'demand_mw' ? hour : 0),
    });
    const made = engineer.createAllFeatures(rows);
    assert.equal(at(made, 'demand_mw_lag_3h', 10), 107);
    assert.equal(at(made, 'demand_mw_mean_3h', 10), 109);
    assert.equal(at(made, 'demand_mw_min_3h', 10), 108);
    assert.equal(at(made, 'demand_mw_max_3h', 10), 110);
    assert.equal(at(made, 'demand_mw_std_3h', 10), 1);
    assert.equal(at(made, 'renewable_mw', 0), 40);
    assert.equal(at(made, 'renewable_penetration', 0), 0.4);
    assert.equal(at(made, 'renewable_share', 0), 0.5);
    assert.equal(at(made, 'net_load_mw', 5), 65);
    assert.equal(at(made, 'net_load_ramp_1h_mw', 5), 1);
    assert.equal(at(made, 'supply_balance_mw', 0), -20);
    assert.equal(at(made, 'supply_ratio', 0), 0.8);
    assert.equal(at(made, 'renewable_intermittency_24h', 29), 0);
    // Mean 106 + 11.5 of the hours 6 to 29 over their peak.
    assert.equal(at(made, 'load_factor_24h', 29), 117.5 / 129);
  });

  it('takes capacity, stress and reserve from a month that has been seen', () => {
    const made = engineer.createAllFeatures(
      sixColumns({
        hours: 722,
        value: (name, hour) =>
          ({ demand_mw: 50, generation_mw: 60, solar_mw: 10, wind_mw: 0 })[name]! * (hour === 5 ? 2 : 1),
      }),
    );
    assert.equal(at(made, 'solar_capacity_factor', 718), null);
    assert.equal(at(made, 'solar_capacity_factor', 719), 0.5);
    assert.equal(at(made, 'grid_stress', 719), 0.5);
    assert.equal(at(made, 'reserve_margin', 719), (120 - 50) / 50);
    assert.equal(at(made, 'wind_capacity_factor', 719), null, 'division by zero');
  });

  it('leaves nulls null and makes nothing up around them', () => {
    const made = engineer.createAllFeatures(
      sixColumns({
        hours: 12,
        value: (name, hour) => (name === 'demand_mw' && hour === 4 ? null : plausible(name, hour)),
      }),
    );
    const nulls = (name: string) => values(made, name).flatMap((value, row) => (value === null ? [row] : []));
    assert.deepEqual(nulls('demand_mw'), [4]);
    assert.deepEqual(nulls('demand_mw_lag_2h'), [0, 1, 6]);
    assert.deepEqual(nulls('demand_mw_mean_3h'), [0, 1, 4, 5, 6]);
    assert.deepEqual(nulls('demand_mw_max_3h'), [0, 1, 4, 5, 6]);
    assert.deepEqual(nulls('renewable_penetration'), [4]);
    assert.deepEqual(nulls('solar_mw'), []);
    assert.deepEqual(nulls('hour_sin'), []);
  });

  it('takes what is no finite number for null', () => {
    const made = engineer.createAllFeatures(
      sixColumns({
        hours: 6,
        value: (_name, hour) => [1, Number.NaN, Number.POSITIVE_INFINITY, 4, 5, 6][hour]!,
      }),
    );
    assert.deepEqual(values(made, 'demand_mw'), [1, null, null, 4, 5, 6]);
    assert.deepEqual(values(made, 'demand_mw_max_3h'), [null, null, null, null, null, 6]);
  });

  it('gives a null where 32 bits do not hold the number', () => {
    const made = new EnergyFeatureEngineer().createAllFeatures(sixColumns({ hours: 2, value: () => 1e300 }));
    assert.deepEqual(values(made, 'demand_mw'), [null, null]);
  });

  it('counts hours, not rows, where hours are missing', () => {
    const whole = engineer.createAllFeatures(
      sixColumns({
        hours: 60,
        value: (name, hour) => (hour === 20 || hour === 21 ? null : plausible(name, hour)),
      }),
    );
    const gappy = engineer.createAllFeatures(sixColumns({ hours: 60, without: [20, 21] }));
    assert.equal(gappy.height, 58);
    const kept = whole.filter(pl.col('demand_mw').isNotNull());
    assertSameRows(gappy, kept, 58);
    assert.equal(at(gappy, 'demand_mw_lag_2h', 20), null);
    assert.equal(at(gappy, 'demand_mw_lag_3h', 20), plausible('demand_mw', 19));
  });

  it('never lets one region into another, and gives each what it has alone', () => {
    const first = sixColumns({ hours: 40, region: 'ERCO' });
    const second = sixColumns({
      hours: 50,
      region: 'MISO',
      value: (name, hour) => 7 * plausible(name, hour),
    });
    const both = engineer.createAllFeatures(pl.concat([first, second]));
    assertSameRows(both, engineer.createAllFeatures(first), 40);
    assertSameRows(both.slice(40, 50), engineer.createAllFeatures(second), 50);
    assert.equal(at(both, 'demand_mw_lag_1h', 40), null);
  });

  it('sorts rows that are not in order', () => {
    const frame = pl.concat([
      sixColumns({ hours: 30, region: 'ERCO' }),
      sixColumns({ hours: 30, region: 'PACW' }),
    ]);
    const mixed = frame.sort(['timestamp', 'demand_mw']);
    assertSameRows(engineer.createAllFeatures(mixed), engineer.createAllFeatures(frame), 60);
  });

  it('changes nothing at or before an hour when all after it is garbage, in any column', () => {
    const hours = 760;
    const before = engineer.createAllFeatures(sixColumns({ hours }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: hours - 1 }),
        fc.double({ min: -1e9, max: 1e9 }),
        (cut, garbage) => {
          const frame = sixColumns({
            hours,
            value: (name, hour) => (hour < cut ? plausible(name, hour) : garbage * (hour % 3)),
          });
          assertSameRows(engineer.createAllFeatures(frame), before, cut);
        },
      ),
      { numRuns: 6 },
    );
  });

  it('computes in 64 bits what it stores in 32', () => {
    const wide = engineer.createAllFeatures(sixColumns({ hours: 200 }));
    const narrow = new EnergyFeatureEngineer().createAllFeatures(sixColumns({ hours: 200 }));
    const rounded = (name: string) =>
      values(wide, name).map((value) => (typeof value === 'number' ? Math.fround(value) : value));
    for (const name of ['demand_mw_std_168h', 'renewable_intermittency_24h', 'hour_sin']) {
      assert.deepEqual(values(narrow, name), rounded(name));
    }
  });

  it('takes lags, windows and time zones from its settings', () => {
    const own = new EnergyFeatureEngineer({
      lags: { demand_mw: [7] },
      windows: { wind_mw: [5] },
      statistics: ['max'],
      timeZones: { NYIS: 'America/New_York' },
    });
    const made = own.createAllFeatures(sixColumns({ hours: 10, region: 'NYIS', start: '2019-07-01T05' }));
    assert.equal(made.width, 6 + 18 + 10 + 7 + 1 + 1);
    assert.equal(at(made, 'demand_mw_lag_7h', 9), plausible('demand_mw', 2));
    assert.ok(made.columns.includes('wind_mw_max_5h'));
    assert.equal(at(made, 'hour', 0), 0, 'the hour from 00:00 to 01:00 in New York');
  });

  it('adds columns for the optional inputs that a frame has', () => {
    const frame = sixColumns({ hours: 30 }).withColumns(
      pl.col('demand_mw').sub(10).alias('operator_forecast_mw'),
      pl.col('generation_mw').div(4).alias('fuel_col_mw'),
      pl.lit('x').alias('note'),
    );
    const made = engineer.createAllFeatures(frame);
    assert.deepEqual(made.columns.slice(153), [
      'operator_forecast_mw',
      'operator_forecast_error_mw',
      'operator_forecast_error_mean_24h',
      'fuel_col_mw',
      'fuel_col_share',
    ]);
    assert.equal(at(made, 'operator_forecast_error_mean_24h', 29), 10);
    assert.equal(at(made, 'fuel_col_share', 3), 0.25);
  });

  const refusals: [what: string, frame: () => pl.DataFrame, names: RegExp][] = [
    ['a missing column', () => sixColumns({ hours: 3 }).drop('wind_mw'), /no column wind_mw/],
    ['no rows', () => sixColumns({ hours: 3 }).slice(0, 0), /no rows/],
    [
      'a doubled hour',
      () => pl.concat([sixColumns({ hours: 3 }), sixColumns({ hours: 1 })]),
      /more than one row.*2019-03-01T01/,
    ],
    [
      'a time off the hour',
      () =>
        sixColumns({ hours: 3 }).withColumns(
          pl.col('timestamp').cast(pl.Int64).add(60e6).cast(pl.Datetime('us', 'UTC')),
        ),
      /row at 2019-03-01T01:01/,
    ],
    [
      'text for times',
      () => sixColumns({ hours: 3 }).withColumns(pl.lit('2019').alias('timestamp')),
      /timestamp has type/,
    ],
    [
      'text for numbers',
      () => sixColumns({ hours: 3 }).withColumns(pl.lit('a').alias('demand_mw')),
      /demand_mw has type/,
    ],
    [
      'times centuries apart',
      () => pl.concat([sixColumns({ hours: 1, start: '1700-01-01T00' }), sixColumns({ hours: 1 })]),
      /span 319 years/,
    ],
    [
      'a region that is null',
      () => sixColumns({ hours: 3 }).withColumns(pl.lit(null).cast(pl.Utf8).alias('region')),
      /region is null in 3 rows/,
    ],
  ];
  for (const [what, frame, names] of refusals) {
    it(`refuses ${what}, naming it`, () => {
      assert.throws(
        () => engineer.createAllFeatures(frame()),
        (error: unknown) =>
          error instanceof BadInputError && names.test(error.message) && error.cure.length > 0,
      );
    });
  }

  for (const [what, options, names] of [
    ['an unknown setting', { lag: {} }, /lag/],
    ['a lag that is no whole hour', { lags: { demand_mw: [1.5] } }, /lags\.demand_mw\.0/],
    ['a window of one hour', { windows: { demand_mw: [1] } }, /windows\.demand_mw\.0/],
    ['a lag given twice', { lags: { wind_mw: [1, 1] } }, /lags\.wind_mw: must not repeat/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => new EnergyFeatureEngineer(options as never), names);
    });
  }

  it('refuses a time zone that is none', () => {
    const own = new EnergyFeatureEngineer({ timeZones: { XX: 'Mars/Olympus' } });
    assert.throws(() => own.createAllFeatures(sixColumns({ hours: 3, region: 'XX' })), /no time zone Mars/);
  });
});
