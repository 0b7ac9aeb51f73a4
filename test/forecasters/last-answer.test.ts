import assert from 'node:assert/strict';
import { issuesOf, type IssueTable } from '../../src/day-ahead/issue-table.ts';
import type { FittedForecaster } from '../../src/forecasters/forecaster.ts';
import { withLastAnswer } from '../../src/forecasters/last-answer.ts';
import { buildIssueTable } from '../../src/day-ahead/build.ts';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { ERCO_CLOCK, FIRST, inventedRows } from '../day-ahead/invented-rows.ts';

const HOURS = 900;
const table = () =>
  buildIssueTable(inventedRows(HOURS), {
    ...{ ...ERCO_CLOCK, operator: true, firstHour: FIRST },
    lastHour: FIRST + (HOURS - 1) * HOUR_SECONDS,
  });

/** Answers with the base times a column, and says for how many issues it was asked. */
function counting(given: Partial<FittedForecaster> = {}) {
  const asked: number[] = [];
  const fitted: FittedForecaster = {
    name: 'counting',
    levels: [0.5],
    async predict({ base, features, columns, issuedAt }) {
      asked.push(issuedAt.length);
      return base.map((mw, cell) => mw * features[cell * columns.length]!);
    },
    save: () => new Uint8Array(),
    ...given,
  };
  return { asked, fitted, kept: withLastAnswer(fitted) };
}

describe('a forecaster that keeps its last answer', () => {
  it('is asked again for what has changed or come since, and answers as if it were asked for all', async () => {
    const whole = table();
    const { asked, fitted, kept } = counting();
    const changes: [string, (other: IssueTable, issue: number) => void][] = [
      ['base', ({ base }, issue) => void (base[issue * 24 + 7]! += 1)],
      ['features', ({ features, columns }, issue) => void (features[issue * 24 * columns.length]! += 1)],
      ['operator', ({ operator }, issue) => void (operator[issue * 24]! += 1)],
      ['latestKnown', ({ latestKnown }, issue) => void (latestKnown[issue * 24 + 23]! += 1)],
      ['persistence48', (other, issue) => void (other.persistence48[issue * 24]! += 1)],
      ['persistence168', (other, issue) => void (other.persistence168[issue * 24]! += 1)],
    ];
    await kept.predict(issuesOf(whole, { from: 2, to: 20 }));
    assert.deepEqual(asked, [18]);
    for (const [what, change] of changes) {
      const other = table();
      change(other, 15);
      const next = issuesOf(other, { from: 3, to: 22 });
      assert.deepEqual(await kept.predict(next), await fitted.predict(next), what);
      assert.deepEqual(asked.splice(1), [22 - 15, 19], what);
      await kept.predict(issuesOf(whole, { from: 2, to: 20 }));
      assert.deepEqual(asked.splice(1), [20 - 2], 'other issues are before it');
    }
  });

  it('hands out what may be written to, and knows its regions apart', async () => {
    const { asked, kept } = counting();
    const whole = table();
    const first = await kept.predict(whole);
    const answer = first.slice();
    first.fill(0);
    assert.deepEqual(await kept.predict(whole), answer);
    await kept.predict({ ...whole, region: 'MISO' });
    assert.deepEqual(asked, [whole.issuedAt.length, whole.issuedAt.length]);
  });

  it('does not keep what follows its own errors: it answers by the issues before too', async () => {
    const { asked, kept } = counting({ followsFrom: 0 });
    await kept.predict(table());
    await kept.predict(table());
    assert.equal(asked.length, 2);
  });
});
