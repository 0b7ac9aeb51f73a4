import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { firstHourOf, lastHourOf, toHourStamp, type DateRange } from '../../src/contracts/time.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { readColumns, readFrame } from '../../src/lake/parquet.ts';
import { knownBy } from '../../src/validation/as-of.ts';
import { validate } from '../../src/validation/stage.ts';
import { randomFrom, spoilAfter } from './garbage.ts';
import { openGridHome, writeGrid, type GridHome } from './grid-home.ts';
import { shippedRows } from './shipped.ts';
import { HOUR, endOf, hourly, loads, rowsOf, type Cell } from './support.ts';

const HOURS = 400;
/** Demand is published an hour after its hour. */
const byRule = (_series: string, validAt: number) => validAt + HOUR;

describe('the record as known at a moment', () => {
  let home: GridHome;
  before(async () => {
    home = await openGridHome();
  });
  after(() => home.remove());

  const columns = async (cells: readonly Cell[], asOf?: number, spoil = false) => {
    const rows = rowsOf(cells);
    const raw = spoil ? spoilAfter(rows, asOf!, randomFrom(7)) : rows;
    const dataset = await writeGrid(home.context.home, { PACW: raw });
    const moment = asOf === undefined ? {} : { asOf: toHourStamp(asOf) };
    const made = await validate(home.context, { dataset, regions: ['PACW'], ...moment });
    const { files } = await readManifest(home.context.home, made.dataset, 'validated');
    return readColumns(home.context.home.path(files[0]!.uri));
  };
  // A little above what filling in would guess.
  const values = loads(HOURS).map((mw, hour) => (hour > HOURS - 50 ? mw + 10 : mw));
  const late: Cell[] = hourly('D', values).map((cell) =>
    cell.hour > HOURS - 50 ? { ...cell, availableAt: endOf(HOURS + 2) - 60 } : cell,
  );

  it('has what was seen late, where each row by itself must not', async () => {
    const strict = await columns(late);
    assert.equal(strict.strings('demand_verdict')[HOURS - 10], 'missing');
    assert.notEqual(strict.f64('demand_mw')[HOURS - 10], values[HOURS - 10]);
    const seen = await columns(late, endOf(HOURS + 2));
    assert.equal(seen.strings('demand_verdict')[HOURS - 10], 'ok');
    assert.deepEqual([...seen.f64('demand_mw').subarray(0, HOURS)], values);
    assert.equal(seen.seconds('valid_at').at(-1), endOf(HOURS + 1), 'up to the row of that moment');
    assert.equal(seen.strings('demand_verdict').at(-1), 'missing');
  });

  it('has nothing that came after it, and is moved by no garbage there', async () => {
    const moment = endOf(HOURS + 1);
    const seen = await columns(late, moment);
    assert.equal(seen.strings('demand_verdict')[HOURS - 40], 'missing');
    const spoilt = await columns(late, moment, true);
    for (const name of ['demand_mw', 'demand_final_mw', 'demand_confidence']) {
      assert.deepEqual(spoilt.f64(name), seen.f64(name), name);
    }
    await assert.rejects(columns(late, endOf(-100)), /Nothing of PACW was known at/);
  });

  it('reads no more years for a period than its verdicts rest on', async () => {
    const rows = await shippedRows('PACW', firstHourOf('2016'), lastHourOf('2018-02'));
    const dataset = await writeGrid(home.context.home, { PACW: rows });
    const table = async (period?: DateRange) => {
      const asOf = '2018-02-20T10';
      const made = await validate(home.context, { dataset, regions: ['PACW'], asOf, period });
      const { files } = await readManifest(home.context.home, made.dataset, 'validated');
      return readFrame(home.context.home.path(files[0]!.uri));
    };
    const all = await table();
    const part = await table({ from: '2018-01-15', to: '2018-02' });
    assert.ok(part.height > 800 && all.height > 18_000);
    assert.ok(part.frameEqual(all.tail(part.height), true));
  });

  it('takes the first value of an hour and leaves a revision its time', () => {
    const cells: Cell[] = [
      { series: 'D', hour: 5, value: 900, availableAt: endOf(9) },
      { series: 'D', hour: 5, value: 950, availableAt: endOf(30) },
      { series: 'D', hour: 5, value: 990, availableAt: endOf(60) },
      { series: 'D', hour: 6, value: 800 },
      { series: 'D', hour: 6, value: 850, availableAt: endOf(31) },
      { series: 'D', hour: 7, value: Number.NaN },
      { series: 'D', hour: 7, value: 700, availableAt: endOf(12) },
    ];
    const known = knownBy(rowsOf(cells), endOf(50), byRule);
    assert.deepEqual([...known.value], [900, 950, 800, 850, Number.NaN, 700]);
    assert.deepEqual([...known.availableAt], [6, 30, 7, 31, 8, 8].map(endOf));
  });

  it('never has a row that came later, nor a value before its time by rule unless it was seen', () => {
    const row = fc.record({
      hour: fc.integer({ min: 0, max: 5 }),
      delay: fc.integer({ min: 0, max: 9 }),
      value: fc.constantFrom(1, 2, Number.NaN),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), fc.integer({ min: 0, max: 15 }), (made, at) => {
        const cells = made.map(({ hour, delay, value }) => ({
          ...{ series: 'D', hour, value },
          availableAt: endOf(hour + delay),
        }));
        const rows = rowsOf(cells);
        const known = knownBy(rows, endOf(at), byRule);
        const expected = cells.filter(({ availableAt }) => availableAt <= endOf(at));
        assert.deepEqual(
          [...known.value],
          expected.map(({ value }) => value),
        );
        known.availableAt.forEach((time, i) => {
          const own = expected[i]!.availableAt;
          assert.ok(time === own || (time < own && time === endOf(expected[i]!.hour + 1)));
        });
      }),
    );
  });
});
