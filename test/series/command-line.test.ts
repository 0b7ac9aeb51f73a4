import assert from 'node:assert/strict';
import { parseSplit, requireNoCsvFlags } from '../../src/cli/csv-training.ts';
import { ringwatt, reasonOf } from '../cli/command.ts';
import { csvOf, hourlyLines, seriesHome } from './files.ts';

describe('train --csv', () => {
  it('takes splits in months and in shares, and refuses what is neither', () => {
    assert.deepEqual(parseSplit('12/4/4 months'), { unit: 'months', train: 12, validation: 4, test: 4 });
    assert.deepEqual(parseSplit('0.6/0.2/0.2'), {
      unit: 'fractions',
      train: 0.6,
      validation: 0.2,
      test: 0.2,
    });
    for (const text of ['12/4/4', '0.7/0.2/0.2', '0.7/0.3', 'a/b/c', '0.5/0/0.5']) {
      assert.throws(() => parseSplit(text), /is neither months nor fractions that add up to 1/, text);
    }
  });

  it('keeps its flags to itself', () => {
    assert.throws(() => requireNoCsvFlags({ time: 'date' }), /--time belongs to --csv\./);
    assert.throws(() => requireNoCsvFlags({ maxGap: 3 }), /--max-gap belongs to --csv\./);
    requireNoCsvFlags({ seed: 3 });
  });

  it('says what is wrong with a file, its columns or its flags before anything is started', async () => {
    await using at = await seriesHome();
    const file = await at.file('load.csv', csvOf(hourlyLines(300)));
    const train = (...args: string[]) => ringwatt(['train', '--home', at.home.root, '--csv', file, ...args]);
    const columns = ['--time', 'time', '--target', 'load'];
    const ended = await Promise.all([
      train('--target', 'load'),
      train('--time', 'time', '--target', 'heat'),
      train(...columns, '--freq', 'hourly'),
      train(...columns, '--horizon', '96'),
      train(...columns, '--sequences', 'manifests/sequences/x.json'),
    ]);
    assert.deepEqual(
      ended.map(({ code }) => code),
      ended.map(() => 1),
    );
    const reasons = ended.map(reasonOf);
    assert.equal(reasons[0], '--csv needs --time. Name the column: --time date.');
    assert.equal(reasons[1], 'The file has no column heat. It has time, load.');
    assert.match(reasons[2]!, /--freq: must be a number and s, min, h, d or w, such as 15min or 1h/);
    assert.equal(
      reasons[3],
      'The series has 300 rows; a context of 336 and a horizon of 96 need at least 432. Give more rows, or a shorter --context or --horizon.',
    );
    assert.equal(reasons[4], '--csv and --sequences exclude each other. Give one of them.');
  });
});
