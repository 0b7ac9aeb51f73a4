import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import { DEFAULT_SPACE, type FinishSearchInput, type SearchSpace } from '../../src/contracts/search.ts';
import { MissingDataError } from '../../src/errors.ts';
import {
  leaderboardQuery,
  pauseSignal,
  resumeSignal,
  stopSignal,
  trainingNewsSignal,
} from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import type { hyperparameterSearchWorkflow } from '../../workflows/hyperparameter-search.ts';
import { fakeSlot, registerSlots, untilStopped } from '../support/fake-slots.ts';
import { FakeStages } from '../support/fake-stages.ts';
import { fakeTrialScore } from '../support/fake-search.ts';
import { temporal, whileWorkersRun, withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const start = (client: Client, name: string, input: object = {}) =>
  client.workflow.start<typeof hyperparameterSearchWorkflow>(WORKFLOWS.hyperparameterSearch, {
    workflowId: workflowIds.search(name),
    taskQueue: PIPELINE_QUEUE,
    args: [{ name, ...input }],
  });

/** Fits alone: no slots are wanted. */
const TREES: SearchSpace = [
  {
    forecaster: 'trees',
    weight: 1,
    settings: { learningRate: { kind: 'log-uniform', from: 1e-3, to: 1e-1 } },
  },
];
const TRANSFORMER = DEFAULT_SPACE.filter(({ forecaster }) => forecaster === 'transformer');
const NEWS = {
  step: 1,
  totalSteps: 100,
  loss: 0.5,
  secondsUsed: 1,
  budgetSeconds: null,
  tokensPerSecond: 1000,
  memoryMb: 100,
  shares: { compute: 1, wait: 0, transfer: 0, data: 0 },
};
const SLOTS = () => [fakeSlot(1), fakeSlot(2)];

describe('hyperparameterSearchWorkflow', () => {
  it('trains, scores and halves, and hands its runs over in the end', async () => {
    const stages = new FakeStages();
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await start(client, 'plain', { space: TRANSFORMER, trials: 4, eta: 2 });
        const { best, ending, leaderboard } = await handle.result();
        assert.equal(ending, 'all rungs done');
        const byRung = (rung: number) => leaderboard.filter((line) => line.rung === rung).length;
        assert.deepEqual([0, 1, 2].map(byRung), [2, 1, 1]);
        assert.deepEqual([best.place, best.share], [1, 1]);
        const scored = stages.asked('scoreTrial') as { model?: object; validation: object }[];
        assert.equal(scored.length, 7);
        assert.ok(scored.every(({ model }) => model));
        const trained = stages.asked('planTraining') as {
          settings: { maxSteps: number; ringSize: number };
        }[];
        assert.deepEqual(
          [...new Set(trained.map(({ settings }) => settings.maxSteps))].toSorted((a, b) => a - b),
          [225, 450, 900],
        );
        const cuts = stages.asked('cutSequences') as { purpose: string; score: object }[];
        assert.ok(cuts.every(({ purpose }) => purpose === 'search'));
        assert.deepEqual(cuts[0]!.score, { from: '2017-01-01', to: '2017' }, 'never the scored year');
      },
      SLOTS(),
    );
  });

  it('records a trial that fails with its reason, and scores the leaders across regions', async () => {
    const stages = new FakeStages();
    const held: string[] = [];
    stages.table.scoreTrial = ({ forecaster, settings, share, heldOut }) => {
      if (heldOut) held.push(heldOut);
      if (Object.keys(settings).length === 0) throw new MissingDataError('No table.', 'Cut again.');
      return fakeTrialScore(forecaster, settings, share);
    };
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client, 'failing', { space: TREES, trials: 4, eta: 2, crossRegion: true });
      const { leaderboard, crossRegion } = await handle.result();
      const lost = leaderboard.at(-1)!;
      assert.deepEqual([lost.id, lost.mape], ['t01', null]);
      assert.match(lost.note, /^failed: No table/);
      assert.deepEqual(held.toSorted(), ['CAL', 'MISO']);
      assert.deepEqual(crossRegion.map(({ region, own }) => [region, own !== null]).toSorted(), [
        ['CAL', true],
        ['MISO', true],
      ]);
    });
  });

  it('pauses before the next trial, and goes on', async () => {
    const stages = new FakeStages();
    const gate = Promise.withResolvers<void>();
    const score = stages.table.scoreTrial;
    stages.table.scoreTrial = async (...args) => {
      await gate.promise;
      return score(...args);
    };
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client, 'paused', { space: TREES, trials: 3, concurrency: 1 });
      await until(() => stages.asked('scoreTrial').length === 1);
      await handle.signal(pauseSignal);
      gate.resolve();
      await until(async () => (await handle.query(leaderboardQuery)).done === 1);
      const { state, running } = await handle.query(leaderboardQuery);
      assert.deepEqual([state, running], ['paused', []]);
      await handle.signal(resumeSignal);
      assert.equal((await handle.result()).ending, 'all rungs done');
    });
  });

  it('goes on in another worker when the first is gone, and as new when its history is long', async () => {
    const stages = new FakeStages();
    const score = stages.table.scoreTrial;
    stages.table.scoreTrial = (input, options) =>
      stages.asked('scoreTrial').length > 2 ? aborted(options.signal) : score(input, options);
    const handle = await whileWorkersRun(stages.run, async (client) => {
      const started = await start(client, 'moved', { space: TREES, trials: 4, eta: 2 });
      await until(() => stages.asked('scoreTrial').length === 4);
      const news = Array.from({ length: 300 }, () => started.signal(trainingNewsSignal, NEWS));
      await Promise.all(news);
      // What a worker was at when it went, the server waits ten seconds for.
      await started.query(leaderboardQuery);
      return started;
    });
    stages.table.scoreTrial = score;
    await withWorkers(stages.run, async () => {
      const { leaderboard, ending } = await handle.result();
      assert.deepEqual([leaderboard.length, ending], [4, 'all rungs done']);
    });
    assert.equal(stages.asked('planSearch').length, 1, 'what was planned was carried');
    const asked = stages.asked('scoreTrial').map((each) => JSON.stringify(each));
    const counts = [...Map.groupBy(asked, (each) => each).values()].map((each) => each.length);
    assert.deepEqual(counts.toSorted(), [1, 1, 1, 1, 1, 2, 2], 'two were at work when the worker went');
    const { runId } = await (await temporal()).client.workflow.getHandle(handle.workflowId).describe();
    assert.notEqual(runId, handle.firstExecutionRunId);
  });

  it('ends with the best so far when its time is spent, and gives back what it took', async () => {
    const stages = new FakeStages();
    const slots = [fakeSlot(1, untilStopped), fakeSlot(2, untilStopped)];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const space = [...TREES, { forecaster: 'transformer', settings: {} }];
        const handle = await start(client, 'short', { space, trials: 2, budgetMinutes: 0.08 });
        const { ending, best, leaderboard } = await handle.result();
        assert.equal(ending, 'the time was spent');
        assert.equal(best.forecaster, 'trees');
        assert.deepEqual(
          leaderboard.map(({ forecaster, note }) => [forecaster, note]),
          [
            ['trees', ''],
            ['transformer', 'out of time'],
          ],
        );
      },
      slots,
    );
  });

  it('stops when it is told to', async () => {
    const stages = new FakeStages();
    const score = stages.table.scoreTrial;
    stages.table.scoreTrial = async (input, options) =>
      stages.asked('scoreTrial').length > 1 ? aborted(options.signal) : score(input, options);
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client, 'stopped', { space: TREES, trials: 3, concurrency: 1 });
      await until(() => stages.asked('scoreTrial').length === 2);
      await handle.signal(stopSignal);
      const { ending, leaderboard } = await handle.result();
      assert.deepEqual([ending, leaderboard[0]!.note, leaderboard[1]!.note], ['stopped', '', 'out of time']);
      const [finished] = stages.asked('finishSearch') as FinishSearchInput[];
      assert.equal(finished!.runs.length, 2);
    });
  });
});

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
