import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { REGION_CODES } from '../../src/contracts/regions.ts';
import { HOUR_SECONDS, fromHourStamp, toHourStamp } from '../../src/contracts/time.ts';
import { readColumns, type Columns } from '../../src/lake/parquet.ts';

const file = (name: string) => fileURLToPath(new URL(`../../data/${name}.parquet`, import.meta.url));

const differing = (one: Float64Array, other: Float64Array) =>
  one.reduce((count, value, hour) => count + (Object.is(value, other[hour]) ? 0 : 1), 0);

describe('the shipped record', () => {
  const grid = new Map<string, Columns>();
  before(async () => {
    for (const region of REGION_CODES) grid.set(region, await readColumns(file(`grid/${region}`)));
  });
  const column = (region: string, name: string) => grid.get(region)!.f64(name);

  it('has every hour from 2015-07-01T00 to 2024-12-31T23 once, in order, for each region', () => {
    const first = fromHourStamp('2015-07-01T00');
    for (const [region, columns] of grid) {
      const hours = columns.seconds('valid_at');
      assert.equal(hours.length, 83_328, region);
      assert.ok(
        hours.every((hour, index) => hour === first + index * HOUR_SECONDS),
        region,
      );
    }
  });

  it('keeps both vintages of demand where the two collections overlap', () => {
    const from = (fromHourStamp('2020-01-01T00') - fromHourStamp('2015-07-01T00')) / HOUR_SECONDS;
    const revised = REGION_CODES.map((region) => {
      const cut = (name: string) => column(region, name).subarray(from, from + 4392);
      return [region, differing(cut('demand_first_mw'), cut('demand_later_mw'))];
    });
    assert.deepEqual(Object.fromEntries(revised), { PACW: 1043, ERCO: 0, CAL: 40, CISO: 0, TEX: 0, MISO: 0 });
  });

  it('keeps values that cannot be true', () => {
    const demand = column('PACW', 'demand_first_mw').filter((value) => !Number.isNaN(value));
    assert.equal(
      demand.reduce((most, value) => Math.max(most, value)),
      3_340_061,
    );
    assert.equal(
      demand.reduce((least, value) => Math.min(least, value)),
      -90_964,
    );
  });

  it('has TEX equal to ERCO but for the hours that ERCO lacks', () => {
    assert.equal(differing(column('TEX', 'forecast_mw'), column('ERCO', 'forecast_mw')), 0);
    for (const [name, lacking] of [
      ['demand_first_mw', 192],
      ['demand_later_mw', 1],
    ] as const) {
      const [tex, erco] = [column('TEX', name), column('ERCO', name)];
      assert.equal(differing(tex, erco), lacking);
      assert.ok(erco.every((value, hour) => Object.is(value, tex[hour]) || Number.isNaN(value)));
    }
  });

  it('has forecasts and fuels as far as the sources go', () => {
    const last = (region: string, name: string) => {
      const columns = grid.get(region)!;
      const index = columns.f64(name).findLastIndex((value) => !Number.isNaN(value));
      return toHourStamp(columns.seconds('valid_at')[index]!);
    };
    assert.equal(last('MISO', 'forecast_mw'), '2020-07-01T23');
    assert.equal(last('CISO', 'forecast_mw'), '2022-01-03T23');
    assert.equal(last('ERCO', 'fuel_sun_mw'), '2022-01-03T23');
    assert.equal(last('PACW', 'fuel_wnd_mw'), '2019-12-31T00');
    assert.ok(!grid.get('TEX')!.names.some((name) => name.startsWith('fuel_')));
  });

  it('has one weather run a day for three years, with its leads', async () => {
    for (const region of ['ERCO', 'CISO']) {
      for (const parameter of ['TEMP', 'DPT', 'DSWRF', 'PCP', 'WIND_SPEED']) {
        const runs = await readColumns(file(`weather/${region}_AVG_${parameter}`));
        assert.equal(runs.rows, 1096);
        assert.ok(runs.names.length >= 37);
      }
    }
    const temperature = await readColumns(file('weather/CISO_AVG_TEMP'), ['datetime', '24 hr fcst']);
    assert.equal(toHourStamp(temperature.seconds('datetime')[0]!), '2019-01-01T00');
    assert.equal(temperature.f64('24 hr fcst')[0], Math.fround(277.44972922453974));
  });
});
