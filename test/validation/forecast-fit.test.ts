import assert from 'node:assert/strict';
import { RULES } from '../../src/validation/index.ts';
import { columnOf, endOf, hourly, judge, load, loads, type Cell } from './support.ts';

const HOURS = 500;
/** Forecasts of a whole day, made at hour 8 of the day before, as operators do. */
const madeAt = (hour: number) => endOf((Math.floor(hour / 24) - 1) * 24 + 8);

function forecastBy(valueAt: (hour: number) => number, hours = HOURS): Cell[] {
  return Array.from({ length: hours }, (_unused, hour) => ({
    series: 'DF',
    hour,
    value: valueAt(hour),
    availableAt: madeAt(hour),
  }));
}
const verdictsOf = (forecast: Cell[]) =>
  columnOf(judge([...hourly('D', loads(HOURS)), ...forecast]), 'forecast_verdict');

describe('the fit of a forecast to demand', () => {
  it('is fine when it is right, and when it is only 10 % too high', () => {
    assert.ok(verdictsOf(forecastBy(load)).every((verdict) => verdict === 'ok'));
    assert.ok(verdictsOf(forecastBy((hour) => 1.1 * load(hour))).every((verdict) => verdict === 'ok'));
  });

  for (const shift of [-1, 1]) {
    it(`shows a forecast filed ${shift} hour from where it belongs, even when it is 10 % too high`, () => {
      const verdicts = verdictsOf(forecastBy((hour) => 1.1 * load(hour - shift)));
      assert.equal(verdicts[HOURS - 1], 'shifted');
      const first = verdicts.indexOf('shifted');
      // Hour `first` was judged at hour 8 of the day before, when so many hours were there to compare.
      const compared = (madeAt(first) - endOf(0)) / 3600 - 2;
      assert.ok(
        compared >= RULES.shifted.limits.minimumHours && compared < RULES.shifted.limits.minimumHours + 48,
      );
      assert.ok(verdicts.slice(first).every((verdict) => verdict === 'shifted'));
    });
  }

  it('forgets a shift once the forecast is filed rightly again', () => {
    const verdicts = verdictsOf(forecastBy((hour) => load(hour < 250 ? hour - 1 : hour)));
    assert.equal(verdicts[250], 'shifted', 'nobody knows yet');
    assert.equal(verdicts[HOURS - 1], 'ok');
  });

  it('is refused while its error is beyond any operator’s', () => {
    const verdicts = verdictsOf(forecastBy((hour) => 1.3 * load(hour)));
    assert.equal(verdicts[90], 'ok', 'too little to go by');
    assert.equal(verdicts[HOURS - 1], 'biased');
    const table = judge([...hourly('D', loads(HOURS)), ...forecastBy((hour) => 1.3 * load(hour))]);
    assert.equal(columnOf(table, 'forecast_mw')[HOURS - 1], null);
    assert.match(table.quarantine.at(-1)!.reason, /off by 30 %/);
  });

  it('rests on nothing that was not known when the forecast was made', () => {
    const forecast = forecastBy((hour) => 1.3 * load(hour));
    const before = verdictsOf(forecast);
    const cut = HOURS - 60;
    const known = (cell: Cell) => (cell.availableAt ?? endOf(cell.hour + 1)) <= madeAt(HOURS - 1 - 24);
    const changed = [...hourly('D', loads(HOURS)), ...forecast].map((cell) =>
      known(cell) ? cell : { ...cell, value: 77 },
    );
    const after = columnOf(judge(changed), 'forecast_verdict');
    assert.deepEqual(after.slice(0, cut), before.slice(0, cut));
    assert.notDeepEqual(after, before);
  });
});
