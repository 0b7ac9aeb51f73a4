import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { dateBound, firstHourOf, hourStamp, lastHourOf, toHourStamp } from '../../src/contracts/time.ts';

const said = (result: { success: boolean; error?: { issues: { message: string }[] } }) =>
  result.error?.issues.map(({ message }) => message) ?? [];

describe('a date that a person gives', () => {
  for (const date of [
    '2024-02-30',
    '2024-02-31',
    '2023-02-29',
    '2023-04-31',
    '2024-13',
    '2024-00-01',
    '2024-01-00',
  ]) {
    it(`is refused by its name when the calendar has no ${date}`, () => {
      assert.deepEqual(said(dateBound.safeParse(date)), [
        `must be a date of the calendar, which ${date} is not`,
      ]);
      if (date.length === 10) {
        assert.match(said(hourStamp.safeParse(`${date}T05`)).join(), new RegExp(`calendar.*${date}T05`));
      }
    });
  }

  for (const date of ['0001', '1999-12-31', '2101', '9999']) {
    it(`is refused when no record can reach it: ${date}`, () => {
      assert.deepEqual(said(dateBound.safeParse(date)), [
        `must lie in the years 2000 to 2100, which ${date} does not`,
      ]);
    });
  }

  it('gives one reason for what is no date at all', () => {
    assert.deepEqual(said(dateBound.safeParse('31.12.2024')), [
      'must be a date such as 2018, 2018-05 or 2018-05-17',
    ]);
  });

  it('is taken for every day from 2000 to 2100, with hours that are stamps and come back to the same day', () => {
    const day = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(day, fc.constantFrom(4, 7, 10), (at, length) => {
        const bound = at.toISOString().slice(0, length);
        assert.equal(dateBound.parse(bound), bound);
        const [first, last] = [toHourStamp(firstHourOf(bound)), toHourStamp(lastHourOf(bound))];
        assert.equal(hourStamp.parse(first), first);
        assert.equal(hourStamp.parse(last), last);
        assert.ok(first.startsWith(bound) && first.endsWith('T01') && last.endsWith('T00'));
      }),
      {
        examples: [
          [new Date('2100-12-31'), 4],
          [new Date('2024-02-29'), 10],
        ],
      },
    );
  });
});
