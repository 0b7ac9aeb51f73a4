import assert from 'node:assert/strict';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { buildIssueTable } from '../../src/day-ahead/build.ts';
import { issuesOf, MEDIAN, QUANTILES } from '../../src/day-ahead/issue-table.ts';
import type { ValidatedRows } from '../../src/features/validated-rows.ts';
import { fitEnsemble, type FittedEnsemble, memberNamed } from '../../src/forecasters/index.ts';
import { ERCO_CLOCK, FIRST, inventedRows } from '../day-ahead/invented-rows.ts';
import { context } from './sample-table.ts';

const HOURS = 3000;
const SETTINGS = { ridge: { lambdas: [0.3], rounds: 1 }, trees: { trees: 10, leaves: 4, learningRate: 0.3 } };
const ISSUE = 115;
const FITTED_ON = 105;

/** Days and weeks that come again, an operator who is a little off. */
function record(): ValidatedRows {
  const rows = inventedRows(HOURS);
  for (let t = 0; t < HOURS; t++) {
    const day = Math.sin((2 * Math.PI * t) / 24);
    const mw = 1000 + 200 * day + 60 * Math.sin((2 * Math.PI * t) / 168) + ((t * 7919) % 13);
    rows.demand[t] = rows.demandFinal[t] = mw;
    rows.forecast.values[t] = mw * (1 + 0.01 * Math.sin(t));
  }
  return rows;
}

const tableOf = (rows: ValidatedRows, firstHour = FIRST, lastHour = FIRST + (HOURS - 1) * HOUR_SECONDS) =>
  buildIssueTable(rows, { ...ERCO_CLOCK, firstHour, lastHour, operator: true });

describe('a forecast where something is missing at its issue', () => {
  const whole = tableOf(record());
  const rowOf = (time: number) => (time - FIRST) / HOUR_SECONDS;
  const standing = rowOf(whole.standingAt[ISSUE]!);
  const target = rowOf(whole.validAt[ISSUE * 24]!);
  let fitted: FittedEnsemble;
  before(async () => {
    const members = ['climatology', 'ridge', 'ridge-own', 'trees', 'operator'].map((name) =>
      memberNamed(name as 'ridge', SETTINGS),
    );
    const tables = [issuesOf(whole, { from: 0, to: FITTED_ON })];
    const knownBy = whole.issuedAt[FITTED_ON]!;
    fitted = await fitEnsemble({ tables, knownBy }, { members, validationDays: 30 }, context);
  });

  /** Of the issue, from a table of those since the fit. */
  async function answersOf(rows: ValidatedRows): Promise<Float64Array> {
    const [from, to] = [whole.validAt[FITTED_ON * 24]!, whole.validAt[ISSUE * 24 + 23]!];
    const values = await fitted.predict(tableOf(rows, from, to));
    return values.slice(-24 * QUANTILES.length);
  }

  for (const [what, spoil, most] of [
    ['nothing', () => {}, 2],
    ['the newest hour of demand', (rows) => rows.demand.fill(NaN, standing, standing + 1), 2],
    ['the last six hours of demand', (rows) => rows.demand.fill(NaN, standing - 5, standing + 1), 3],
    ['the last day of demand', (rows) => rows.demand.fill(NaN, standing - 23, standing + 1), 5],
    [
      'the operator’s forecast of an hour',
      (rows) => rows.forecast.values.fill(NaN, target + 9, target + 10),
      3,
    ],
    ['the operator’s forecast of the day', (rows) => rows.forecast.values.fill(NaN, target, target + 24), 5],
    [
      'the operator’s forecast of the day, and six hours of demand',
      (rows) => {
        rows.forecast.values.fill(NaN, target, target + 24);
        rows.demand.fill(NaN, standing - 5, standing + 1);
      },
      6,
    ],
  ] as [string, (rows: ValidatedRows) => void, number][]) {
    it(`answers for all 24 hours, less well but soundly, without ${what}`, async () => {
      const rows = record();
      spoil(rows);
      const values = await answersOf(rows);
      let error = 0;
      for (let h = 0; h < 24; h++) {
        const at = h * QUANTILES.length;
        const levels = values.slice(at, at + QUANTILES.length);
        assert.ok(
          levels.every((mw, i) => mw > 0 && (i === 0 || mw >= levels[i - 1]!)),
          `${h}: ${levels}`,
        );
        error += Math.abs(levels[MEDIAN]! / whole.actual[ISSUE * 24 + h]! - 1);
      }
      assert.ok((100 * error) / 24 < most, `${((100 * error) / 24).toFixed(2)} %`);
    });
  }

  it('has no value where neither the operator nor any known demand says where to begin', async () => {
    const rows = record();
    rows.forecast.values.fill(NaN, target, target + 24);
    rows.demand.fill(NaN, standing - 24 * 30, standing + 1);
    assert.ok((await answersOf(rows)).every(Number.isNaN));
  });
});
