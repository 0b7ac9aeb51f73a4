import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { parseSplit, requireNoCsvFlags, trainOnCsv } from '../../src/cli/csv-training.ts';
import { openSession } from '../../src/cli/session.ts';
import { messageOf } from '../../src/errors.ts';
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
    const csv = await at.file('load.csv', csvOf(hourlyLines(300)));
    const session = openSession({ home: at.home.root }, new AbortController().signal);
    const refusal = async (flags: object): Promise<string> =>
      trainOnCsv(session, { csv, time: 'time', target: ['load'], ...flags }).then(
        () => assert.fail('it ran'),
        messageOf,
      );
    assert.equal(await refusal({ time: undefined }), '--csv needs --time. Name the column: --time date.');
    assert.match(
      await refusal({ freq: 'hourly' }),
      /--freq: must be a number and s, min, h, d or w, such as 15min or 1h/,
    );
    assert.match(await refusal({ csv: `${csv}.gz` }), /load\.csv\.gz is not there\. Check the path\./);
    const loop = `${csv}.loop`;
    await symlink(loop, loop);
    assert.match(await refusal({ csv: loop }), /loop cannot be read: ELOOP\. Check its permissions/);
    assert.equal(await refusal({ target: ['heat'] }), 'The file has no column heat. It has time, load.');
    assert.equal(
      await refusal({ horizon: 96 }),
      'The series has 300 rows; a context of 336 and a horizon of 96 need at least 432. Give more rows, or a shorter --context or --horizon.',
    );
  });

  it('excludes sequences that were cut before', async () => {
    await using at = await seriesHome();
    const ended = await ringwatt(['train', '--home', at.home.root, '--csv', 'a.csv', '--sequences', 'b']);
    assert.equal(reasonOf(ended), '--csv and --sequences exclude each other. Give one of them.');
  });
});
