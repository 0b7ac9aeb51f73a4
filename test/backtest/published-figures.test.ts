import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { REGIONS } from '../../src/contracts/regions.ts';
import { HOUR_SECONDS, firstHourOf, lastHourOf } from '../../src/contracts/time.ts';
import { hourTable, targetHours } from '../../src/backtest/hours.ts';
import { scoreRegion } from '../../src/backtest/scores.ts';
import { readColumns } from '../../src/lake/parquet.ts';
import { centredMedians } from '../../src/validation/rolling-median.ts';

/** MAPE of 2019, %, as worked out independently from the same record, on hours with both values believable. */
const FIGURES = {
  PACW: { operator: 3.25, persistence48: 8.11, persistence168: 7.26, latestKnownAtOnce: 6.84 },
  MISO: { operator: 3.23, persistence48: 7.23, persistence168: 6.03, latestKnownAtOnce: 6.11 },
} as const;

/** The spread that hours with one missing baseline make: those figures were not all taken on the same hours. */
const TOLERANCE = 0.02;

describe('the protocol on the shipped record', () => {
  for (const region of ['PACW', 'MISO'] as const) {
    it(`gives ${region}'s known figures of 2019`, async () => {
      const path = fileURLToPath(new URL(`../../data/grid/${region}.parquet`, import.meta.url));
      const columns = await readColumns(path, ['valid_at', 'demand_first_mw', 'forecast_mw']);
      const hours = columns.seconds('valid_at');
      const [from, to] = [firstHourOf('2019'), lastHourOf('2019')];
      const first = (from - hours[0]!) / HOUR_SECONDS - 1000;
      const cut = (name: string) => columns.f64(name).subarray(first, first + 1000 + 8760 + 400);
      const demand = believable(cut('demand_first_mw'), cut('demand_first_mw'));
      const operator = believable(cut('forecast_mw'), cut('demand_first_mw'));
      const series = {
        region,
        firstHour: hours[first]!,
        known: demand,
        final: demand.map((mw, i) => (Number.isFinite(operator[i]) ? mw : Number.NaN)),
        operator,
      };
      const { standardOffsetHours } = REGIONS[region];
      const protocol = { standardOffsetHours, issueHourLocal: 10, demandDelayHours: 1 };
      const { targets, counts } = targetHours(series, protocol, from, to);
      const asKnown = Float64Array.from(targets, ({ baselines }) => baselines.latestKnown);
      const { mape } = scoreRegion(hourTable(region, targets, asKnown, counts), counts, null).overall;
      for (const [name, figure] of Object.entries(FIGURES[region])) {
        assert.ok(Math.abs(mape[name]! - figure) < TOLERANCE, `${name}: ${mape[name]} for ${figure}`);
      }
      // An hour of delay costs the latest known value one hour of the day.
      assert.ok(mape.latestKnown! > mape.latestKnownAtOnce! && mape.latestKnown! < mape.persistence48!);
    });
  }
});

/** Not believable is what lies outside 0.3 to 3 times the centred 30-day median of demand. */
function believable(values: Float64Array, demand: Float64Array): Float32Array {
  const medians = centredMedians(demand, 720, 24);
  return Float32Array.from(values, (mw, i) =>
    mw >= 0.3 * medians[i]! && mw <= 3 * medians[i]! ? mw : Number.NaN,
  );
}
