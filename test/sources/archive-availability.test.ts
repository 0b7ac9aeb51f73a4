import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { REGION_CODES } from '../../src/contracts/regions.ts';
import { fromHourStamp } from '../../src/contracts/time.ts';
import { availableAt, revisionAvailableAt } from '../../src/sources/availability.ts';

const at = (series: string, hour: string, basis?: 'operator' | 'eia', region: 'PACW' | 'MISO' = 'PACW') =>
  new Date(availableAt(series, fromHourStamp(hour), region, basis) * 1000).toISOString().slice(0, 16);

describe('availability by rule', () => {
  it('has demand one hour after the hour', () => {
    assert.equal(at('D', '2019-03-10T10'), '2019-03-10T11:00');
  });

  it('has generation, interchange and fuels at noon after the UTC day in which the hour begins', () => {
    for (const series of ['NG', 'TI', 'FUEL:SUN']) {
      assert.equal(at(series, '2019-05-01T01'), '2019-05-02T12:00');
      assert.equal(at(series, '2019-05-02T00'), '2019-05-02T12:00');
      assert.equal(at(series, '2019-05-02T01'), '2019-05-03T12:00');
    }
  });

  it('has the forecast of a local standard day at 10:00 of the day before, summer and winter', () => {
    assert.equal(at('DF', '2019-01-15T09'), '2019-01-14T18:00');
    assert.equal(at('DF', '2019-01-16T08'), '2019-01-14T18:00');
    assert.equal(at('DF', '2019-01-16T09'), '2019-01-15T18:00');
    assert.equal(at('DF', '2019-07-15T09'), '2019-07-14T18:00');
    assert.equal(at('DF', '2019-07-15T06', 'operator', 'MISO'), '2019-07-14T15:00');
  });

  it('has the forecast as EIA publishes it at 12:00 UTC of the operating day', () => {
    assert.equal(at('DF', '2019-01-15T09', 'eia'), '2019-01-15T12:00');
    assert.equal(at('DF', '2019-01-16T08', 'eia'), '2019-01-15T12:00');
  });

  it('has a revision 180 days after its hour', () => {
    const hour = fromHourStamp('2020-01-11T09');
    assert.equal(revisionAvailableAt(hour), fromHourStamp('2020-07-09T09'));
  });

  it('never has a later hour before an earlier one, and only forecasts before their hour', () => {
    const hour = fc.integer({
      min: fromHourStamp('2015-07-01T00') / 3600,
      max: fromHourStamp('2030-12-31T00') / 3600,
    });
    fc.assert(
      fc.property(
        hour,
        fc.constantFrom('D', 'DF', 'NG', 'TI', 'FUEL:WND'),
        fc.constantFrom(...REGION_CODES),
        fc.constantFrom('operator', 'eia'),
        (index, series, region, basis) => {
          const known = availableAt(series, index * 3600, region, basis);
          assert.ok(known <= availableAt(series, (index + 1) * 3600, region, basis));
          if (series !== 'DF') assert.ok(known >= index * 3600 + 3600);
          else if (basis === 'operator') assert.ok(known < index * 3600);
        },
      ),
    );
  });
});
