import assert from 'node:assert/strict';
import { firstHourOf, lastHourOf, HOUR_SECONDS } from '../../src/contracts/time.ts';
import type { RegionCode } from '../../src/contracts/regions.ts';
import { validateTable, type ValidatedTable } from '../../src/validation/index.ts';
import { columnOf } from './support.ts';
import { shippedRows } from './shipped.ts';

/** The share of a period's hours that have a verdict on the forecast, in percent. */
function shareOf(table: ValidatedTable, verdict: string, from: string, to: string): number {
  const verdicts = columnOf(table, 'forecast_verdict').slice(...rowsOf(table, from, to));
  return (100 * verdicts.filter((one) => one === verdict).length) / verdicts.length;
}

const rowsOf = ({ start }: ValidatedTable, from: string, to: string): [number, number] => [
  Math.max(0, (firstHourOf(from) - start) / HOUR_SECONDS),
  (lastHourOf(to) - start) / HOUR_SECONDS + 1,
];

/** Mean absolute percentage error of the operator's forecast where both values are believable. */
function operatorError(table: ValidatedTable, year: string): number {
  const span = rowsOf(table, year, year);
  const forecast = columnOf(table, 'forecast_mw').slice(...span) as (number | null)[];
  const demand = columnOf(table, 'demand_final_mw').slice(...span) as (number | null)[];
  const errors = forecast.flatMap((value, i) =>
    value === null || demand[i] === null ? [] : [Math.abs(value / demand[i]! - 1)],
  );
  return (100 * errors.reduce((sum, error) => sum + error, 0)) / errors.length;
}

describe('the shipped record, validated', () => {
  const tables = new Map<RegionCode, ValidatedTable>();
  before(async () => {
    for (const region of ['PACW', 'CISO', 'ERCO', 'MISO'] as const) {
      tables.set(region, validateTable(region, await shippedRows(region)));
    }
  });

  it("names PACW's forecast broken once there is enough to go by, to October 2015, and none later", () => {
    const table = tables.get('PACW')!;
    assert.equal(shareOf(table, 'biased', '2015-08', '2015-10'), 100);
    assert.equal(shareOf(table, 'biased', '2015-11-05', '2019'), 0);
  });

  it("finds CISO's shift within its first week and lets go within three days of its end, 12 September 2016", () => {
    const table = tables.get('CISO')!;
    assert.ok(shareOf(table, 'shifted', '2015-07-07', '2016-09-12') > 99);
    assert.equal(shareOf(table, 'shifted', '2016-09-16', '2019'), 0);
  });

  it('takes no forecast of ERCO or MISO for shifted or biased', () => {
    for (const region of ['ERCO', 'MISO'] as const) {
      for (const verdict of ['shifted', 'biased']) {
        assert.equal(shareOf(tables.get(region)!, verdict, '2015', '2020-06'), 0, region);
      }
    }
  });

  it('scores the very hours of 2019 on which the published errors of the operators rest', () => {
    const errors = [...tables].map(([region, table]) => [region, operatorError(table, '2019').toFixed(2)]);
    assert.deepEqual(Object.fromEntries(errors), { ERCO: '2.35', PACW: '3.25', CISO: '4.25', MISO: '3.23' });
    assert.equal(tables.get('ERCO')!.account.scorable['2019'], 8760);
    assert.equal(tables.get('CISO')!.account.scorable['2019'], 8748);
  });

  it("removes PACW's impossible demand from what a feature sees", () => {
    const table = tables.get('PACW')!;
    const seen = columnOf(table, 'demand_mw') as (number | null)[];
    const values = seen.filter((value) => value !== null);
    assert.ok(Math.max(...values) < 6000 && Math.min(...values) > 0);
    assert.ok(table.quarantine.some(({ value }) => value === 3_340_061));
    assert.ok(table.quarantine.some(({ value }) => value === -90_964));
    const first = seen.findIndex((value) => value !== null);
    assert.ok(seen.slice(first).every((value) => value !== null));
  });
});
