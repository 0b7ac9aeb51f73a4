import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import { PIPELINE_STAGES, pipelineResult, type PipelineResult } from '../../src/contracts/pipeline.ts';
import { CancelledFailure } from '@temporalio/common';
import { BadInputError, MissingDataError } from '../../src/errors.ts';
import { rootFailure } from '../../src/temporal/failures.ts';
import {
  cancelSignal,
  pauseSignal,
  pipelineProgressQuery,
  resumeSignal,
} from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS } from '../../src/temporal/names.ts';
import { fakeSlot, registerSlots, segmentResultOf } from '../support/fake-slots.ts';
import { FakeStages, reference, scoreOf } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const slots = () => [fakeSlot(1), fakeSlot(2)];

const start = (client: Client, workflowId: string, ...args: unknown[]) =>
  client.workflow.start(WORKFLOWS.forecastingPipeline, { workflowId, taskQueue: PIPELINE_QUEUE, args });

const execute = async (client: Client, workflowId: string, ...args: unknown[]): Promise<PipelineResult> =>
  pipelineResult.parse(await (await start(client, workflowId, ...args)).result());

describe('forecastingPipelineWorkflow', () => {
  it('goes through all stages, from an empty input to a champion, and does nothing twice', async () => {
    const stages = new FakeStages();
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const first = await execute(client, 'forecasting/day-ahead/1', {});
        assert.deepEqual(
          first.stages.map(({ stage, reused }) => [stage, reused]),
          PIPELINE_STAGES.map((stage) => [stage, false]),
        );
        assert.deepEqual(first.model, { name: 'day-ahead', version: 1, champion: true, reused: false });
        assert.equal(stages.champion?.version, 1);

        const second = await execute(client, 'forecasting/day-ahead/2');
        assert.deepEqual(
          second.stages.map(({ stage, reused }) => [stage, reused]),
          PIPELINE_STAGES.map((stage) => [stage, true]),
        );
        assert.match(second.promotion, /champion already/);
        assert.equal(stages.asked('writeChampion').length, 1);
        assert.equal(stages.asked('finishTraining').length, 1);
      },
      slots(),
    );
  });

  it('backtests and registers what was fitted, with the trained network as a member', async () => {
    const stages = new FakeStages();
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        await execute(client, 'forecasting/day-ahead/members', { promote: 'never' });
        await execute(client, 'forecasting/day-ahead/ridge', {
          promote: 'never',
          fit: { members: ['ridge'] },
        });
        const [all, ridge] = stages.asked('fitForecaster') as { training?: unknown }[];
        assert.deepEqual([all!.training, ridge!.training], [reference('model'), undefined]);
        const models = [...stages.asked('backtest'), ...stages.asked('registerModel')] as {
          model: unknown;
        }[];
        for (const { model } of models) assert.deepEqual(model, reference('forecaster'));
        const [held, whole] = stages.asked('cutSequences') as { train: { to: string } }[];
        assert.deepEqual([held!.train.to, whole!.train.to], ['2017-05-17', '2017']);
      },
      slots(),
    );
  });

  it('shows its table of stages in the details that the UI reads', async () => {
    await withWorkers(
      new FakeStages().run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await start(client, 'forecasting/day-ahead/details', {});
        await handle.result();
        const metadata = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
        assert.match(metadata.currentDetails, /100 %/);
        for (const stage of PIPELINE_STAGES)
          assert.match(metadata.currentDetails, new RegExp(`\\| ${stage} \\| done`));
        const { typedSearchAttributes } = await handle.describe();
        assert.equal(
          typedSearchAttributes.getAll().find(({ key }) => key.name === 'RingwattModel')?.value,
          'day-ahead',
        );
      },
      slots(),
    );
  });

  it('tells on its own page how far the training is', async () => {
    const gate = Promise.withResolvers<void>();
    const training = [1, 2].map((number) =>
      fakeSlot(number, async (segment, _signal, report) => {
        report({
          step: 6,
          totalSteps: 12,
          loss: 0.25,
          secondsUsed: 3,
          budgetSeconds: null,
          tokensPerSecond: 1000,
          memoryMb: 100,
          shares: { compute: 0.9, wait: 0.05, transfer: 0.02, data: 0.01 },
        });
        await gate.promise;
        return segmentResultOf(segment);
      }),
    );
    await withWorkers(
      new FakeStages().run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await start(client, 'forecasting/day-ahead/news', {});
        const details = async () =>
          (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
        await until(async () => /step 6 of 12, loss 0\.2500/.test(await details()));
        assert.match(await details(), /at train, 49 %/);
        gate.resolve();
        await handle.result();
        assert.doesNotMatch(await details(), /so far/);
      },
      training,
    );
  });

  it('does not promote what a persistence beats, nor what the champion beats', async () => {
    const stages = new FakeStages();
    stages.mape = 9;
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const worse = await execute(client, 'forecasting/day-ahead/worse', {});
        assert.equal(worse.model.champion, false);
        assert.match(worse.promotion, /persistence is better in CAL, MISO/);

        stages.mape = 3;
        stages.versions = [7];
        stages.champion = {
          name: 'day-ahead',
          generation: 1,
          version: 7,
          sha256: 'c',
          since: '',
          previous: [],
        };
        stages.made.delete('version');
        stages.table.registerModel = ({ name }) => ({ name, version: 8, sha256: 'd', reused: false });
        const equal = await execute(client, 'forecasting/day-ahead/equal', {});
        assert.match(equal.promotion, /Not promoted: mean MAPE 3\.000 % against 3\.000 % of version 7/);
        assert.equal(stages.champion.version, 7);
        const [, , rival] = stages.asked('backtest') as { model: unknown }[];
        assert.deepEqual(rival?.model, reference('model7'));
      },
      slots(),
    );
  });

  it('rolls with the record: what is trained on and scored follows its last hours', async () => {
    const lines = (lastHour: string) =>
      (['CAL', 'MISO'] as const).map((region, i) => ({
        ...{ region, series: 'D', present: 1, missing: 0, revised: 0, quarantined: 0, firstHour: null },
        lastHour: i === 0 ? lastHour : '2030-01-01T00',
      }));
    let end = '2024-12-31T05';
    const stages = new FakeStages();
    const complete = stages.table.completeIngestion;
    stages.table.completeIngestion = async (...args) => ({
      ...(await complete(...args)),
      account: lines(end),
    });
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const input = { regions: ['CAL', 'MISO'], rolling: { scoreDays: 30, trainDays: 365 } };
        const first = await execute(client, 'forecasting/day-ahead/week1', input);
        const cut = first.stages.find(({ stage }) => stage === 'sequences')!;
        assert.equal(cut.facts['scored'], '2024-12-01 to 2024-12-30');
        end = '2025-01-07T05';
        stages.champion = { ...stages.champion!, version: 7 };
        stages.versions = [7];
        stages.table.backtest = ({ features }) => {
          if (features) throw new BadInputError('The score period overlaps the training period.', 'Wait.');
          return { dataset: reference('backtest'), reused: false, scores: [scoreOf('CAL', 3)] };
        };
        const second = await execute(client, 'forecasting/day-ahead/week2', input);
        const [one, two] = stages.asked('cutSequences') as { train: unknown; score: unknown }[];
        // The network does not see the last quarter, on which it is weighed; the fit learns from all of it.
        assert.deepEqual(one!.train, { from: '2023-12-02', to: '2024-08-31' });
        const fits = stages.asked('fitForecaster') as { through: string }[];
        assert.deepEqual(
          fits.map(({ through }) => through),
          ['2024-11-30', '2024-12-07'],
        );
        assert.deepEqual(one!.score, { from: '2024-12-01', to: '2024-12-30' });
        assert.deepEqual(two!.train, { from: '2023-12-09', to: '2024-09-07' });
        assert.deepEqual(two!.score, { from: '2024-12-08', to: '2025-01-06' });
        assert.match(second.promotion, /^Not promoted: the champion, version 7, cannot be scored/);
        assert.match(second.promotion, /overlaps the training period/);
        const rival = stages.asked('backtest').at(-1) as Record<string, unknown>;
        assert.deepEqual([rival['score'], rival['features']], [two!.score, reference('features')]);
      },
      slots(),
    );
  });

  it('refuses to roll with a record without demand', async () => {
    await withWorkers(new FakeStages().run, async (client) => {
      const handle = await start(client, 'forecasting/day-ahead/empty', { regions: ['CAL'], rolling: {} });
      await assert.rejects(handle.result(), (error) => {
        assert.match((rootFailure(error) as Error).message, /no demand of CAL/);
        return true;
      });
    });
  });

  it('refuses a wrong input at once, by the name of the field', async () => {
    await withWorkers(new FakeStages().run, async (client) => {
      const wrong = [
        [{ training: { ringSize: 'two' } }, /training\.ringSize/],
        [{ modle: 'x' }, /modle/],
        [{ regions: ['ATLANTIS'] }, /regions\.0/],
        [5, /expected object/],
      ] as const;
      for (const [input, field] of wrong) {
        const handle = await start(client, `forecasting/wrong/${JSON.stringify(input)}`, input);
        await assert.rejects(handle.result(), (error) => {
          assert.match((rootFailure(error) as Error).message, field);
          return true;
        });
      }
    });
  });

  it('ends with the reason of the stage that failed', async () => {
    const stages = new FakeStages({
      validate: () => {
        throw new MissingDataError('MISO has no hour of 1999.', 'Ask for later years.');
      },
    });
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client, 'forecasting/day-ahead/broken', {});
      await assert.rejects(handle.result(), (error) => {
        const { message, type } = rootFailure(error) as Error & { type: string };
        assert.deepEqual(
          [type, message],
          ['MissingDataError', 'MISO has no hour of 1999. Ask for later years.'],
        );
        return true;
      });
      const { stages: lines } = await handle.query(pipelineProgressQuery);
      assert.deepEqual(lines.find(({ stage }) => stage === 'validate')?.state, 'failed');
      assert.equal(stages.asked('validate').length, 1);
    });
  });

  it('hears a pause that came before its first step', async () => {
    const stages = new FakeStages();
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await client.workflow.signalWithStart(WORKFLOWS.forecastingPipeline, {
          workflowId: 'forecasting/day-ahead/early',
          taskQueue: PIPELINE_QUEUE,
          args: [{}],
          signal: pauseSignal,
        });
        assert.equal((await handle.query(pipelineProgressQuery)).paused, true);
        assert.equal(stages.calls.length, 0);
        await handle.signal(resumeSignal);
        await handle.result();
      },
      slots(),
    );
  });

  it('pauses before the next stage, goes on when resumed, and ends as cancelled when told to', async () => {
    const gate = Promise.withResolvers<void>();
    const stages = new FakeStages();
    const validate = stages.table.validate;
    stages.table.validate = async (...args) => {
      await gate.promise;
      return validate(...args);
    };
    const engineer = Promise.withResolvers<void>();
    stages.table.engineerFeatures = (_input, { signal }) =>
      new Promise((_resolve, reject) => {
        engineer.resolve();
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client, 'forecasting/day-ahead/paused', {});
      await until(() => stages.asked('validate').length === 1);
      await handle.signal(pauseSignal);
      gate.resolve();
      await until(async () => (await handle.query(pipelineProgressQuery)).stage === null);
      assert.equal((await handle.query(pipelineProgressQuery)).paused, true);
      assert.equal(stages.asked('engineerFeatures').length, 0);
      await handle.signal(resumeSignal);
      await engineer.promise;
      await handle.signal(cancelSignal);
      await assert.rejects(handle.result(), ({ cause }) => cause instanceof CancelledFailure);
      assert.equal((await handle.describe()).status.name, 'CANCELLED');
    });
  });
});
