import assert from 'node:assert/strict';
import { holidayWeight } from '../../src/day-ahead/holiday-weight.ts';

const DATES: [string, number][] = [
  ['2018-01-01', 1],
  ['2018-01-15', 0.4],
  ['2018-02-19', 0.4],
  ['2018-05-28', 1],
  ['2018-06-19', 0],
  ['2021-06-18', 0.15],
  ['2018-07-04', 1],
  ['2018-09-03', 1],
  ['2018-10-08', 0.15],
  ['2018-11-12', 0.15],
  ['2018-11-22', 1],
  ['2018-11-23', 1],
  ['2018-12-24', 0.6],
  ['2018-12-25', 1],
  ['2018-12-31', 0.6],
  // New Year 2011 is a Saturday, kept on the Friday; that of 2017 a Sunday, kept on the Monday.
  ['2010-12-31', 1],
  ['2017-01-02', 1],
  ['2018-01-02', 0],
  ['2018-08-15', 0],
];

describe('how much of a holiday a day is', () => {
  for (const [date, weight] of DATES) {
    it(`${date}: ${weight}`, () => {
      assert.equal(holidayWeight(Date.parse(`${date}T00:00Z`) / 86_400_000), weight);
    });
  }
});
