import assert from 'node:assert/strict';
import { readdir, symlink } from 'node:fs/promises';
import { parseSplit, requireNoCsvFlags, trainOnCsv } from '../../src/cli/csv-training.ts';
import { openSession } from '../../src/cli/session.ts';
import { messageOf } from '../../src/errors.ts';
import type { Home } from '../../src/lake/home.ts';
import { copyIn } from '../../src/series/copy-in.ts';
import { readCsvSeries } from '../../src/series/read-stage.ts';
import { ringwatt, reasonOf } from '../cli/command.ts';
import { csvOf, hourlyLines, seriesHome } from './files.ts';

/** All that the home holds of series. */
async function filesOf(home: Home): Promise<string[]> {
  const entries = await readdir(home.root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /series/.test(entry.parentPath.slice(home.root.length)))
    .map((entry) => entry.name)
    .sort();
}

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
    assert.match(
      await refusal({ time: 'load', target: ['time'] }),
      /^Row 2: "100" in column load is not a time\./,
    );
    assert.equal(await refusal({ target: ['heat'] }), 'The file has no column heat. It has time, load.');
    assert.equal(
      await refusal({ horizon: 96 }),
      'The series has 300 rows; a context of 336 and a horizon of 96 need at least 432. Give more rows, or a shorter --context or --horizon.',
    );
    assert.deepEqual(await filesOf(at.home), [], 'what was refused stays in the home');
  });

  it('keeps what was accepted before when the same file is refused in other words', async () => {
    await using at = await seriesHome();
    const path = await at.file('load.csv', csvOf(hourlyLines(300)));
    const columns = { time: 'time', targets: ['load'], covariates: [], maxGap: 6 };
    await copyIn(at.home, path, (csv) => readCsvSeries(at.context, { csv, ...columns }));
    const kept = await filesOf(at.home);
    assert.equal(kept.length, 3, kept.join(' '));
    const other = copyIn(at.home, path, async (csv) => {
      await readCsvSeries(at.context, { csv, ...columns, maxGap: 0 });
      assert.equal((await filesOf(at.home)).length, 5);
      throw new Error('too short');
    });
    await assert.rejects(other, /too short/);
    assert.deepEqual(await filesOf(at.home), kept);
  });

  it('excludes sequences that were cut before', async () => {
    await using at = await seriesHome();
    const ended = await ringwatt(['train', '--home', at.home.root, '--csv', 'a.csv', '--sequences', 'b']);
    assert.equal(reasonOf(ended), '--csv and --sequences exclude each other. Give one of them.');
  });
});
