import assert from 'node:assert/strict';
import { backtest } from '../../src/backtest/stage.ts';
import { StorageError } from '../../src/errors.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { withHome } from './sample-home.ts';
import { SCORE, trainedHome } from './trained-home.ts';

describe('the backtest stage', () => {
  it('asks for the disk that it will write, and writes nothing without it', () =>
    withHome(async (context) => {
      const { model, sequences } = await trainedHome(context);
      const input = { model, sequences, score: SCORE, issueHourLocal: 10 };
      const { home } = context;
      home.requireFreeSpace = () => Promise.reject(new StorageError('The disk is full.', ''));
      await assert.rejects(backtest(context, input), StorageError);
      let needed = 0;
      home.requireFreeSpace = (bytes, what) => {
        assert.equal(what, 'The backtest');
        needed = bytes;
        return Promise.resolve();
      };
      const { dataset, reused } = await backtest(context, input);
      assert.equal(reused, false);
      const { files } = await readManifest(home, dataset, 'backtest');
      const written = files.reduce((sum, { bytes }) => sum + bytes, 0);
      assert.ok(written > 0 && needed >= written, `${needed} asked for, ${written} written`);
    }));
});
