import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { IngestionWindow } from '../../src/contracts/ingestion.ts';
import { HOUR_SECONDS, fromHourStamp } from '../../src/contracts/time.ts';
import { RegionGrid } from '../../src/lake/grid.ts';
import type { GridRows } from '../../src/lake/grid-rows.ts';
import { accountOf, firstPublication, revisionPublication, withNews } from '../../src/sources/history.ts';
import { SourceRows } from '../../src/sources/source-rows.ts';

const FROM = fromHourStamp('2026-01-01T01');
const HOURS = 6;
const WINDOW: IngestionWindow = {
  source: 'eia',
  route: 'region-data',
  region: 'ERCO',
  from: '2026-01-01T01',
  to: '2026-01-01T06',
  dfAvailability: 'operator',
};
const DAY = 24 * HOUR_SECONDS;

/** One reply: values of D by hour, undefined where there is no row, seen at a moment. */
function reply(values: (number | undefined)[], seenAt: number): SourceRows {
  const rows = new SourceRows(FROM, FROM + (HOURS - 1) * HOUR_SECONDS);
  values.forEach((value, hour) => {
    if (value !== undefined) rows.add('D', FROM + hour * HOUR_SECONDS, value, seenAt, null);
  });
  return rows;
}

const valueThen = (history: GridRows | undefined, hour: number, asOf: number) =>
  new RegionGrid('ERCO', history ? [history] : []).read({
    series: 'D',
    from: FROM,
    to: FROM + (HOURS - 1) * HOUR_SECONDS,
    asOf,
    vintage: 'latest',
  }).value[hour];

describe('when a value became known', () => {
  const rule = FROM + HOUR_SECONDS;

  it('is when it was first seen, within 48 hours after the rule', () => {
    for (const late of [-600, 0, 47 * HOUR_SECONDS, 48 * HOUR_SECONDS]) {
      assert.deepEqual(firstPublication('D', FROM, rule + late, WINDOW, false), {
        availableAt: rule + late,
        basis: 'observed',
      });
    }
  });

  it('is assumed by rule when we came later than that, and always from the archive', () => {
    const byRule = { availableAt: rule, basis: 'assumed' };
    assert.deepEqual(firstPublication('D', FROM, rule + 48 * HOUR_SECONDS + 1, WINDOW, false), byRule);
    assert.deepEqual(firstPublication('D', FROM, rule + 60, WINDOW, true), byRule);
  });

  it('follows for renewable forecasts the rule of day-ahead forecasts', () => {
    const window = { region: 'CISO' as const, dfAvailability: 'operator' as const };
    assert.deepEqual(
      firstPublication('RF:SUN', FROM, FROM + 99 * DAY, window, false),
      firstPublication('DF', FROM, FROM + 99 * DAY, window, false),
    );
  });

  it('is never before what a revision replaces', () => {
    assert.deepEqual(revisionPublication(FROM, FROM + 5 * DAY, FROM + 6 * DAY, false), {
      availableAt: FROM + 6 * DAY,
      basis: 'observed',
    });
    assert.equal(revisionPublication(FROM, FROM + 400 * DAY, FROM + DAY, true).availableAt, FROM + 180 * DAY);
  });
});

describe('the history of a window', () => {
  const values = fc.array(
    fc.option(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(Number.NaN)), { nil: undefined }),
    {
      minLength: HOURS,
      maxLength: HOURS,
    },
  );

  it('answers for every past moment what the source last said by then', () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 6 }), (replies) => {
        const first = FROM + (HOURS + 1) * HOUR_SECONDS;
        let history: GridRows | undefined;
        replies.forEach((each, day) => {
          history = withNews(history, reply(each, first + day * HOUR_SECONDS), WINDOW, { archive: false });
        });
        for (let hour = 0; hour < HOURS; hour++) {
          let said: number | undefined;
          replies.forEach((each, day) => {
            said = each[hour] ?? said;
            const found = valueThen(history, hour, first + day * HOUR_SECONDS);
            assert.ok(Object.is(found, said ?? Number.NaN), `hour ${hour} after reply ${day}`);
          });
        }
      }),
    );
  });

  it('does not grow when the source says the same again', () => {
    fc.assert(
      fc.property(values, (said) => {
        const once = withNews(undefined, reply(said, FROM + DAY), WINDOW, { archive: false });
        assert.equal(withNews(once, reply(said, FROM + 9 * DAY), WINDOW, { archive: false }), once);
      }),
    );
  });

  it('is counted by series: hours with a value, hours revised, and their span', () => {
    let history = withNews(undefined, reply([undefined, 5, Number.NaN, 7, 8], FROM + DAY), WINDOW, {
      archive: false,
    });
    history = withNews(history, reply([undefined, 6, 2, Number.NaN], FROM + 2 * DAY), WINDOW, {
      archive: false,
    });
    assert.deepEqual(accountOf(history!), [
      { series: 'D', present: 3, revised: 3, firstHour: '2026-01-01T02', lastHour: '2026-01-01T05' },
    ]);
  });
});
