import assert from 'node:assert/strict';
import { rollingInputOf, type RollingOptions } from '../../src/cli/rolling-backtest.ts';
import { rollingTable } from '../../src/cli/rolling-table.ts';
import { BadInputError } from '../../src/errors.ts';
import { rollingSequences } from '../backtest/rolling-home.ts';
import { withHome } from '../backtest/sample-home.ts';
import { FakeBacktest } from '../support/fake-backtest.ts';
import { ringwatt } from './command.ts';

const inputOf = (options: RollingOptions) =>
  withHome(async (context) => {
    const sequences = await rollingSequences(context);
    const input = await rollingInputOf(context.home, options);
    assert.equal(input.sequences.sha256, sequences.sha256);
    return input;
  });

describe('backtest --rolling', () => {
  it('takes windows, seeds and regions as people write them', async () => {
    const input = await inputOf({
      window: '365',
      seeds: '1..3',
      forecasters: ['ridge', 'trees'],
      candidate: 'ridge',
      regions: ['PACW'],
      score: '2018-03',
    });
    assert.deepEqual(input.window, { slidingDays: 365 });
    assert.deepEqual(input.seeds, [1, 2, 3]);
    assert.equal(input.model, 'ridge');
    assert.deepEqual(input.score, { from: '2018-03', to: '2018-03' });
    assert.deepEqual((await inputOf({ seeds: '4,2' })).seeds, [4, 2]);
    const plain = await inputOf({});
    assert.deepEqual([plain.window, plain.refitDays, plain.seeds], ['expanding', 30, [1]]);
  });

  it('refuses what makes no sense, by the name of the flag', async () => {
    const wrong: [RollingOptions, RegExp][] = [
      [{ window: 'sliding' }, /--window sliding/],
      [{ window: '3' }, /window/],
      [{ seeds: '5..1' }, /--seeds 5\.\.1/],
      [{ seeds: '1..500' }, /--seeds/],
      [{ seeds: 'one' }, /--seeds one/],
      [{ refitDays: -1 }, /--refit-days/],
      [{ forecasters: ['ridge'], candidate: 'trees' }, /--candidate: must be one of the forecasters: ridge/],
      [{ forecasters: ['operator'] }, /--forecasters/],
      [{ regions: ['NOWHERE'] }, /Unknown region "NOWHERE"/],
      [{ fitted: 'manifests/forecaster/0123456789abcdef.json' }, /There is no dataset/],
    ];
    for (const [options, why] of wrong) {
      await assert.rejects(
        inputOf(options),
        (error) => error instanceof BadInputError && why.test(error.line),
        JSON.stringify(options),
      );
    }
  });

  it('has a row a region: everybody, how right the intervals are, what may be chance', () => {
    const [text] = rollingTable(new FakeBacktest().merge());
    const [header, , first] = text!.split('\n').map((line) => line.split(/ {2,}/));
    assert.deepEqual(header!.slice(0, 4), ['MAPE, %', 'ensemble', 'ridge', 'operator']);
    const cell = (name: string) => first![header!.indexOf(name)];
    assert.equal(first![0], 'CAL');
    assert.deepEqual([cell('ensemble'), cell('ridge'), cell('operator')], ['2.00', '2.50', '3.00']);
    assert.deepEqual([cell('80 % covers'), cell('p, operator'), cell('hours')], ['81.0', '0.0100', '8760']);
    assert.equal(cell('p, best persistence'), '-');
  });

  it('and the plain backtest refuse each other’s flags before anything starts', async () => {
    for (const [args, why] of [
      [['--refit-days', '7'], /--refit-days is for rolling backtests\. Add --rolling/],
      [['--rolling', '--issue-hour', '9'], /--issue-hour does not go with --rolling/],
    ] as const) {
      const { code, stderr } = await ringwatt(['backtest', ...args]);
      assert.equal(code, 1);
      assert.match(stderr, why);
    }
  });
});
