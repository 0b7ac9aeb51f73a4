import type { Client } from '@temporalio/client';
import { definitionsOf } from '../../schedules/schedule.ts';
import { optionsOf } from '../../schedules/server-form.ts';
import { retrainingConfig } from '../../src/contracts/retraining.ts';
import { MissingDataError, RingBrokenError, SourceFaultError, SourceRefusedError } from '../../src/errors.ts';
import {
  approveSignal,
  approveUpdate,
  clockSignal,
  deploymentStatusQuery,
  canarySignal,
  canaryUpdate,
  drainSignal,
  endCanaryUpdate,
  endTestSignal,
  extendTestUpdate,
  leaderboardQuery,
  outcomesSignal,
  outcomesUpdate,
  pauseSignal,
  promoteSignal,
  promoteUpdate,
  resumeSignal,
  rollbackSignal,
  stopSignal,
  trainingStatusQuery,
} from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import {
  fakeSlot,
  registerSlots,
  segmentResultOf,
  untilReleased,
  untilStopped,
} from '../support/fake-slots.ts';
import { CSV_INPUT, FakeSeriesStages } from '../support/fake-series.ts';
import { FakeStages, reference } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { writeHistory } from './histories.ts';

// Records the histories anew: `mocha test/replay/record.ts`. Only after a change that breaks the old ones on purpose;
// runs that are under way when such a change is deployed cannot go on.

async function keep(client: Client, name: string, workflowId: string): Promise<void> {
  await writeHistory(name, await client.workflow.getHandle(workflowId).fetchHistory());
}

const start = (client: Client, type: string, workflowId: string, ...args: unknown[]) =>
  client.workflow.start(type, { workflowId, taskQueue: PIPELINE_QUEUE, args });

describe('recording histories', function () {
  this.timeout(120_000);

  it('a pipeline with its ingestion, its pool and its model', async () => {
    const stages = new FakeStages();
    const fetch = stages.table.ingestWindow;
    let faults = 0;
    stages.table.ingestWindow = (...args) => {
      if (faults++ === 0) throw new SourceFaultError('HTTP 503.', 'It is tried again.');
      return fetch(...args);
    };
    const slots = [fakeSlot(1), fakeSlot(2)];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const first = await start(client, WORKFLOWS.forecastingPipeline, 'forecasting/day-ahead/r1', {});
        await first.result();
        await keep(client, 'forecasting-pipeline', first.workflowId);
        await keep(client, 'ingestion', 'ingestion/PACW+ERCO+CAL+CISO+MISO/first..last');
        await keep(client, 'ring-training', 'ring-training/day-ahead/r1');
        await keep(client, 'slot-pool', workflowIds.slotPool('default'));
        const model = client.workflow.getHandle(workflowIds.model('day-ahead'));
        await model.signal(promoteSignal, { version: 9 });
        stages.versions.push(2);
        await model.signal(promoteSignal, { version: 2 });
        await model.signal(rollbackSignal, {});
        await until(() => stages.history.length === 5);
        await keep(client, 'model-lifecycle', model.workflowId);
        const second = await client.workflow.signalWithStart(WORKFLOWS.forecastingPipeline, {
          workflowId: 'forecasting/day-ahead/r2',
          taskQueue: PIPELINE_QUEUE,
          args: [{}],
          signal: pauseSignal,
        });
        await second.signal(resumeSignal);
        await second.result();
        await keep(client, 'forecasting-pipeline-again', second.workflowId);
      },
      slots,
    );
  });

  it('a model whose canary starts, changes, ends and is promoted', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2, 3];
    await withWorkers(stages.run, async (client) => {
      const model = await start(client, WORKFLOWS.modelLifecycle, workflowIds.model('day-ahead'), {});
      await model.executeUpdate(promoteUpdate, { args: [{ version: 1 }] });
      await model.signal(canarySignal, { version: 2, share: 0.1 });
      await model.executeUpdate(canaryUpdate, { args: [{ version: 2, share: 0.3 }] });
      await model.executeUpdate(endCanaryUpdate, { args: [{}] });
      await model.executeUpdate(canaryUpdate, { args: [{ version: 9, share: 0.3 }] }).catch(() => {});
      await model.executeUpdate(canaryUpdate, { args: [{ version: 3, share: 1 }] });
      await model.executeUpdate(promoteUpdate, { args: [{ version: 3 }] });
      await keep(client, 'model-lifecycle-canary', model.workflowId);
    });
  });

  it('a training that breaks, pauses, resumes and is stopped', async () => {
    const stages = new FakeStages();
    stages.saved = { checkpoint: reference('saved'), step: 4, secondsUsed: 2 };
    let broken = false;
    const train: Parameters<typeof fakeSlot>[1] = async (segment, signal, report) => {
      if (segment.rank === 0) return untilStopped(segment, signal, report);
      if (broken) return untilStopped(segment, signal, report);
      broken = true;
      throw new RingBrokenError('The link is gone.', 'The ring is formed anew.');
    };
    const slots = [fakeSlot(1, train), fakeSlot(2, train), fakeSlot(3, async (s) => segmentResultOf(s))];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await start(client, WORKFLOWS.ringTraining, 'ring-training/broken', {
          sequences: reference('sequences'),
        });
        const state = async () => (await handle.query(trainingStatusQuery)).state;
        await until(() => slots[1]!.segments.length === 2);
        await handle.signal(pauseSignal);
        await until(async () => (await state()) === 'paused');
        await handle.signal(resumeSignal);
        await until(() => slots[1]!.segments.length === 3);
        await handle.signal(stopSignal);
        await handle.result();
        await keep(client, 'ring-training-broken', handle.workflowId);
      },
      slots,
    );
  });

  it('a training that loses a slot to silence, has another replaced, and goes on with one', async () => {
    const stages = new FakeStages();
    const silent = untilReleased();
    const train: Parameters<typeof fakeSlot>[1] = async (segment, signal, report) => {
      if (segment.peers.length > 1) return untilStopped(segment, signal, report);
      return segmentResultOf(segment);
    };
    const slots = [fakeSlot(1, train), fakeSlot(2, silent.train), fakeSlot(3, train)];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await start(client, WORKFLOWS.ringTraining, 'ring-training/replaced', {
          sequences: reference('sequences'),
          settings: { elastic: true },
        });
        await silent.started;
        await registerSlots(client, [3]);
        // Slot 1 is known to have died; slot 2 says nothing any more.
        await registerSlots(client, [1], 's2');
        await until(() => slots[2]!.segments.length === 1);
        await client.workflow
          .getHandle(workflowIds.slotPool('default'))
          .signal(drainSignal, { queue: slots[0]!.queue, drain: true });
        await registerSlots(client, [1], 's3');
        await handle.result();
        silent.release();
        await keep(client, 'ring-training-replaced', handle.workflowId);
        await keep(client, 'slot-pool-replaced', workflowIds.slotPool('default'));
      },
      slots,
    );
  });

  it('a search with a trial that fails, a pause, a stop, and regions left out', async () => {
    const stages = new FakeStages();
    const score = stages.table.scoreTrial;
    let scored = 0;
    stages.table.scoreTrial = async (input, options) => {
      if (input.forecaster === 'ridge' && scored++ === 0)
        throw new MissingDataError('No table.', 'Cut again.');
      return score(input, options);
    };
    const space = [
      { forecaster: 'ridge', settings: { huber: { kind: 'uniform', from: 0.2, to: 2 } } },
      {
        forecaster: 'transformer',
        settings: { learningRate: { kind: 'log-uniform', from: 1e-3, to: 1e-2 } },
      },
    ];
    const input = { space, trials: 6, eta: 2, crossRegion: true };
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const whole = await client.workflow.signalWithStart(WORKFLOWS.hyperparameterSearch, {
          workflowId: workflowIds.search('whole'),
          taskQueue: PIPELINE_QUEUE,
          args: [input],
          signal: pauseSignal,
        });
        await whole.signal(resumeSignal);
        await whole.result();
        await keep(client, 'hyperparameter-search', whole.workflowId);
        stages.table.scoreTrial = (asked, { signal }) =>
          asked.forecaster === 'transformer'
            ? new Promise((_, reject) =>
                signal.addEventListener('abort', () => reject(signal.reason as Error)),
              )
            : score(asked, { signal, progress: () => {} });
        const stopped = await start(client, WORKFLOWS.hyperparameterSearch, 'search/stopped', input);
        await until(async () => (await stopped.query(leaderboardQuery)).done > 1);
        await stopped.signal(stopSignal);
        await stopped.result();
        await keep(client, 'hyperparameter-search-stopped', stopped.workflowId);
      },
      [fakeSlot(1), fakeSlot(2)],
    );
  });

  it('a rolling backtest that loses a fit, pauses, and continues as new', async () => {
    const stages = new FakeStages();
    const fit = stages.table.backtestStretch;
    let lost = 0;
    stages.table.backtestStretch = (unit, options) => {
      if (lost++ === 1) throw new RingBrokenError('The process ended.', 'It is tried again.');
      return fit(unit, options);
    };
    await withWorkers(stages.run, async (client) => {
      const input = { sequences: reference('sequences'), forecasters: ['ridge', 'ensemble'], seeds: [1, 2] };
      const handle = await client.workflow.signalWithStart(WORKFLOWS.backtest, {
        workflowId: workflowIds.backtest('short'),
        taskQueue: PIPELINE_QUEUE,
        args: [input],
        signal: pauseSignal,
      });
      await handle.signal(resumeSignal);
      await handle.result();
      await keep(client, 'backtest', handle.workflowId);
      await keep(client, 'backtest-batch', `${handle.workflowId}/fits-1`);
      stages.rolling.stretches = 50;
      const long = await start(client, WORKFLOWS.backtest, 'backtest/long', { ...input, atOnce: 8 });
      await long.result();
      const first = client.workflow.getHandle(long.workflowId, long.firstExecutionRunId);
      await writeHistory('backtest-continued', await first.fetchHistory());
      await keep(client, 'backtest-goes-on', long.workflowId);
    });
  });

  it("a person's own series, paused before its first stage and trained on a ring", async () => {
    const stages = new FakeSeriesStages();
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await client.workflow.signalWithStart(WORKFLOWS.seriesPipeline, {
          workflowId: 'series/mine',
          taskQueue: PIPELINE_QUEUE,
          args: [CSV_INPUT],
          signal: pauseSignal,
        });
        await handle.signal(resumeSignal);
        await handle.result();
        await keep(client, 'series-pipeline', handle.workflowId);
      },
      [fakeSlot(1), fakeSlot(2)],
    );
  });

  it('a check for drift that found some', async () => {
    const stages = new FakeStages({
      checkDrift: () => ({
        ...{ dataset: reference('drift'), reused: false, asOf: '2019-03-01T00', drifted: true },
        model: { name: 'day-ahead', version: 1 },
        findings: [{ kind: 'data', region: 'PACW', what: 'PACW: demand is not what it was.' }],
        facts: { psi_score: 0.9, drifted: 1 },
      }),
    });
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client, WORKFLOWS.driftMonitoring, workflowIds.drift('day-ahead'), {
        asOf: '2019-03-01T19',
      });
      await handle.result();
      await keep(client, 'drift-monitoring', handle.workflowId);
    });
  });

  it('ingestions by a schedule, one that brings something and one that is refused', async () => {
    const stages = new FakeStages();
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client, WORKFLOWS.scheduledIngestion, 'scheduled-ingestion/brings', {});
      await handle.result();
      await keep(client, 'scheduled-ingestion', handle.workflowId);
      stages.table.ingestWindow = () => {
        throw new SourceRefusedError('EIA refused the key.', 'Correct EIA_API_KEY.');
      };
      const refused = await start(client, WORKFLOWS.scheduledIngestion, 'scheduled-ingestion/refused', {});
      await refused.result().catch(() => {});
      await keep(client, 'scheduled-ingestion-refused', refused.workflowId);
    });
  });

  it('a forecast that a schedule was told to make up for', async () => {
    const stages = new FakeStages({
      forecast: () => ({
        ...{ dataset: reference('forecast'), reused: false, model: { name: 'day-ahead', version: 3 } },
        ...{ answeredBy: { role: 'champion', why: 'It is.' }, levels: [], rows: [] },
        answers: [{ region: 'ERCO', issuedAt: '2019-03-01T16', by: 'day-ahead' }],
      }),
    });
    await withWorkers(stages.run, async (client) => {
      const definition = definitionsOf(retrainingConfig.parse({ model_name: 'day-ahead' }));
      const schedule = await client.schedule.create(
        optionsOf(definition.find(({ job }) => job === 'forecast')!),
      );
      const moments = { start: new Date('2019-03-01T18:59:59Z'), end: new Date('2019-03-01T19:00:00Z') };
      await schedule.backfill({ ...moments, overlap: 'BUFFER_ALL' });
      await until(() => stages.jobs.length === 1);
      const { info } = await schedule.describe();
      await schedule.delete();
      const { workflowId } = info.recentActions[0]!.action.workflow;
      await client.workflow.getHandle(workflowId).result();
      await keep(client, 'scheduled-forecast', workflowId);
    });
  });

  it('a deployment that waits for its approval while somebody makes another version champion', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2, 3];
    await withWorkers(stages.run, async (client) => {
      const model = await start(client, WORKFLOWS.modelLifecycle, workflowIds.model('day-ahead'), {});
      await model.executeUpdate(promoteUpdate, { args: [{ version: 1 }] });
      const config = { model_name: 'day-ahead', regions: ['CAL', 'MISO'] };
      const deployment = await start(client, WORKFLOWS.deployment, workflowIds.deployment('day-ahead'), {
        ...{ config, version: 2, asOf: '2019-03-03T02' },
      });
      await until(async () => (await deployment.query(deploymentStatusQuery)).says.startsWith('It waits'));
      await model.executeUpdate(promoteUpdate, { args: [{ version: 3 }] });
      await deployment.result();
      await keep(client, 'model-deployment-overtaken', deployment.workflowId);
      await keep(client, 'model-lifecycle-tells', model.workflowId);
    });
  });

  it('a model that learns, and its deployments: approved and rolled back, superseded, watched for long', async () => {
    const stages = new FakeStages();
    const slots = [fakeSlot(1), fakeSlot(2)];
    const goOnFrom = { weights: reference('weights'), normaliser: reference('normaliser') };
    const plan = stages.table.planStart;
    stages.table.planStart = (input, options) =>
      stages.champion
        ? { champion: 1, goOnFrom, why: 'It goes on.', maxSteps: 125, learningRate: 2e-4 }
        : plan(input, options);
    const config = {
      ...{ model_name: 'day-ahead', regions: ['CAL', 'MISO'], approvers: ['ada'], canary_hours: 24 },
      watch_hours: 2160,
    };
    const stamp = (hours: number) => new Date(Date.UTC(2019, 2, 3, 2 + hours)).toISOString().slice(0, 13);
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const learn = (asOf: string, more: object = {}) =>
          start(client, WORKFLOWS.continuousLearning, workflowIds.learning('day-ahead'), {
            ...{ config: { ...config, ...more }, asOf },
          });
        const deployment = client.workflow.getHandle(workflowIds.deployment('day-ahead'));
        const reaches = (phase: string) =>
          until(async () => (await deployment.query(deploymentStatusQuery)).phase === phase);
        await (await learn(stamp(0), { auto_deploy: true })).result();
        await deployment.result();
        await keep(client, 'model-deployment-first', deployment.workflowId);
        stages.made.delete('version');
        const second = await learn(stamp(168));
        await second.result();
        await keep(client, 'continuous-learning', second.workflowId);
        await reaches('approval');
        await deployment.signal(approveSignal, { version: 2, by: 'mallory' });
        await deployment.executeUpdate(approveUpdate, { args: [{ version: 2, by: 'ada' }] });
        await reaches('canary');
        const { runId } = await deployment.describe();
        let day = 8;
        await deployment.signal(clockSignal, { asOf: stamp(24 * day) });
        await reaches('watch');
        while ((await client.workflow.getHandle(deployment.workflowId).describe()).runId === runId) {
          const checks = stages.asked('compareVersions').length;
          await deployment.signal(clockSignal, { asOf: stamp(24 * ++day) });
          await until(
            async () =>
              stages.asked('compareVersions').length > checks ||
              (await client.workflow.getHandle(deployment.workflowId).describe()).runId !== runId,
          );
        }
        const first = client.workflow.getHandle(deployment.workflowId, runId);
        await writeHistory('model-deployment', await first.fetchHistory());
        stages.mapeOf[2] = 4;
        await deployment.signal(clockSignal, { asOf: stamp(24 * (day + 2)) });
        await deployment.result();
        await keep(client, 'model-deployment-goes-on', deployment.workflowId);
        stages.made.delete('version');
        await (await learn(stamp(24 * 60), { auto_deploy: true })).result();
        await reaches('canary');
        const superseded = (await deployment.describe()).runId;
        stages.made.delete('version');
        await (await learn(stamp(24 * 67))).result();
        const third = client.workflow.getHandle(deployment.workflowId, superseded);
        await writeHistory('model-deployment-superseded', await third.fetchHistory());
        stages.samples = 1;
        const few = await learn(stamp(24 * 74));
        await few.result();
        await keep(client, 'continuous-learning-too-few', few.workflowId);
      },
      slots,
    );
  });

  it('an A/B test that is extended, refused, alarmed, continued as new and decided', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2];
    const champion = { name: 'day-ahead', generation: 1, version: 1, sha256: '1'.repeat(64) };
    stages.champion = { ...champion, since: '2026-01-01T00:00:00Z', previous: [] };
    const config = {
      ...{ test_name: 'recorded', control_model: 'day-ahead@1', treatment_model: 'day-ahead@2' },
      ...{ action: 'promote', max_duration: '7d' },
    };
    await withWorkers(stages.run, async (client) => {
      const asOf = '2019-03-01T00';
      const handle = await start(client, WORKFLOWS.abTest, workflowIds.abTest('recorded'), { config, asOf });
      const outcomes = (i: number) => ({ outcomes: [{ request: `r${i}`, value: 4 }] });
      await handle.signal(outcomesSignal, outcomes(0));
      await handle.signal(endTestSignal, { by: 7 } as object);
      await handle.executeUpdate(extendTestUpdate, { args: [{ duration: '2d', by: 'ada' }] });
      await handle.signal(clockSignal, { asOf: '2019-03-08T00' });
      for (let i = 1; i < 75; i++) await handle.executeUpdate(outcomesUpdate, { args: [outcomes(i)] });
      const first = client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId);
      await writeHistory('ab-test-continued', await first.fetchHistory());
      const won = { decision: 'promote', says: 'Promote the treatment.' } as const;
      const sampleRatio = { expected: 0.1, observed: 0.2, pValue: 1e-5, broken: true };
      stages.tests.says = { ...won, sampleRatio };
      await handle.signal(outcomesSignal, outcomes(99));
      await handle.result();
      await keep(client, 'ab-test', handle.workflowId);
    });
  });
});
