import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import {
  rollingBacktestResult,
  type RollingBacktestInput,
  type RollingUnit,
} from '../../src/contracts/rolling-backtest.ts';
import { BadInputError, UnavailableError } from '../../src/errors.ts';
import { rootFailure } from '../../src/temporal/failures.ts';
import {
  backtestProgressQuery,
  cancelSignal,
  pauseSignal,
  resumeSignal,
} from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS } from '../../src/temporal/names.ts';
import { FakeStages, reference } from '../support/fake-stages.ts';
import { nameOf } from '../support/fake-backtest.ts';
import { withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const INPUT = { sequences: reference('sequences'), forecasters: ['ridge', 'ensemble'], seeds: [1, 2] };

const start = (client: Client, workflowId: string, input: object = {}) =>
  client.workflow.start(WORKFLOWS.backtest, {
    workflowId,
    taskQueue: PIPELINE_QUEUE,
    args: [{ ...INPUT, ...input }],
  });

const fitsOf = (stages: FakeStages) => stages.asked('backtestStretch') as RollingUnit[];

describe('backtestWorkflow', () => {
  it('fits every forecaster with every seed in every stretch, once, and scores them together', async () => {
    const stages = new FakeStages();
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client, 'backtest/all');
      const result = rollingBacktestResult.parse(await handle.result());
      assert.deepEqual([result.stretches, result.units, result.unitsReused], [3, 12, 0]);
      const names = fitsOf(stages).map(nameOf);
      assert.equal(new Set(names).size, 12);
      assert.equal(names.length, 12);
      const [merged] = stages.asked('mergeRollingBacktest') as { input: RollingBacktestInput }[];
      assert.deepEqual(merged!.input.seeds, [1, 2]);
      const progress = await handle.query(backtestProgressQuery);
      assert.deepEqual([progress.state, progress.done, progress.secondsLeft], ['done', 12, 0]);
    });
  });

  it('takes what is there and does what is missing', async () => {
    const stages = new FakeStages();
    await withWorkers(stages.run, async (client) => {
      await (await start(client, 'backtest/first', { seeds: [1] })).result();
      const result = rollingBacktestResult.parse(await (await start(client, 'backtest/second')).result());
      assert.deepEqual([result.units, result.unitsReused], [12, 6]);
      assert.equal(fitsOf(stages).length, 12);
    });
  });

  it('goes through hundreds of fits in children, and continues as new on the way', async () => {
    const stages = new FakeStages();
    stages.rolling.stretches = 200;
    await withWorkers(stages.run, async (client) => {
      const input = { forecasters: ['ridge'], seeds: [1], refitDays: 1, atOnce: 8 };
      const handle = await start(client, 'backtest/long', input);
      const { firstExecutionRunId } = handle;
      const result = rollingBacktestResult.parse(await handle.result());
      assert.deepEqual([result.units, result.unitsReused], [200, 0]);
      assert.equal(new Set(fitsOf(stages).map(nameOf)).size, 200);
      const { runId } = await client.workflow.getHandle('backtest/long').describe();
      assert.notEqual(runId, firstExecutionRunId);
      assert.ok(stages.asked('planRollingBacktest').length > 1);
      assert.equal((stages.asked('planRollingBacktest')[0] as RollingBacktestInput).refitDays, 1);
    });
  });

  it('begins no fit while it is paused, and goes on when resumed', async () => {
    const gate = Promise.withResolvers<void>();
    const stages = new FakeStages();
    const fit = stages.table.backtestStretch;
    stages.table.backtestStretch = async (...args) => {
      await gate.promise;
      return fit(...args);
    };
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client, 'backtest/paused', { atOnce: 3 });
      await until(() => fitsOf(stages).length === 3);
      await handle.signal(pauseSignal);
      await until(async () => (await handle.query(backtestProgressQuery)).paused);
      // The batch hears of it by a signal of its own.
      const batch = client.workflow.getHandle('backtest/paused/fits-1');
      const heard = async () => JSON.stringify((await batch.fetchHistory()).events).includes('"pause"');
      await until(heard);
      gate.resolve();
      await until(async () => (await handle.query(backtestProgressQuery)).done === 3);
      assert.equal(fitsOf(stages).length, 3);
      await handle.signal(resumeSignal);
      await handle.result();
      assert.equal(fitsOf(stages).length, 12);
    });
  });

  it('ends when it is told to, with its fits, and a new run finds what was done', async () => {
    const stages = new FakeStages();
    const fit = stages.table.backtestStretch;
    stages.table.backtestStretch = async (unit, options) => {
      if (stages.rolling.done.size < 4) return fit(unit, options);
      return new Promise((_, reject) =>
        options.signal.addEventListener('abort', () => reject(options.signal.reason as Error)),
      );
    };
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client, 'backtest/cancelled');
      await until(() => fitsOf(stages).length === 6);
      await handle.signal(cancelSignal);
      await assert.rejects(handle.result(), { name: 'WorkflowFailedError' });
      assert.equal((await handle.describe()).status.name, 'CANCELLED');
      stages.table.backtestStretch = fit;
      const again = rollingBacktestResult.parse(await (await start(client, 'backtest/cancelled')).result());
      assert.equal(again.unitsReused, 4);
    });
  });

  it('tries a fit again whose process died, and ends at once with what no attempt cures', async () => {
    const stages = new FakeStages();
    const fit = stages.table.backtestStretch;
    let lost = 0;
    stages.table.backtestStretch = (unit, options) => {
      if (lost++ === 0)
        throw new UnavailableError('The process ended without an answer.', 'It is tried again.');
      return fit(unit, options);
    };
    await withWorkers(stages.run, async (client) => {
      await (await start(client, 'backtest/lost', { seeds: [1] })).result();
      assert.equal(fitsOf(stages).length, 7);
      stages.table.backtestStretch = () => {
        throw new BadInputError('PACW has too few issues.', 'Score a later period.');
      };
      const handle = await start(client, 'backtest/wrong', { seeds: [9], atOnce: 1 });
      await assert.rejects(handle.result(), (error) => {
        const { message, type } = rootFailure(error) as Error & { type: string };
        assert.deepEqual(
          [type, message],
          ['BadInputError', 'PACW has too few issues. Score a later period.'],
        );
        return true;
      });
      assert.equal(fitsOf(stages).length, 8);
    });
  });

  it('refuses a wrong input, by the name of the field', async () => {
    await withWorkers(new FakeStages().run, async (client) => {
      for (const [input, field] of [
        [{ seeds: [] }, /seeds/],
        [{ forecasters: ['operator'] }, /forecasters/],
        [{ window: 'all' }, /window/],
        [{ path: '/etc' }, /path/],
      ] as const) {
        const handle = await start(client, `backtest/wrong-${field.source}`, input);
        await assert.rejects(handle.result(), (error) => field.test((rootFailure(error) as Error).message));
      }
    });
  });
});
