import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import { definitionsOf } from '../../schedules/schedule.ts';
import { optionsOf } from '../../schedules/server-form.ts';
import { retrainingConfig } from '../../src/contracts/retraining.ts';
import { MissingDataError, NoChampionError, SourceRefusedError } from '../../src/errors.ts';
import { PIPELINE_QUEUE, WORKFLOWS } from '../../src/temporal/names.ts';
import { FakeStages, reference } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const config = retrainingConfig.parse({ model_name: 'south', regions: ['ERCO'], data_window_days: 42 });

const run = async (client: Client, type: string, workflowId: string, input: object = { config }) =>
  client.workflow.execute(type, { workflowId, taskQueue: PIPELINE_QUEUE, args: [input] });

const issued = (reused: boolean) =>
  ({
    dataset: reference('forecast'),
    reused,
    model: { name: 'south', version: 3 },
    answeredBy: { role: 'champion', why: '' },
    answers: [{ region: 'ERCO', issuedAt: '2019-03-01T16', by: 'day-ahead' }],
    levels: [],
    rows: [],
  }) as never;

describe('scheduledIngestionWorkflow', () => {
  it('fetches the newest days and leaves the whole record as the dataset', async () => {
    const stages = new FakeStages();
    await withWorkers(stages.run, async (client) => {
      const result = await run(client, WORKFLOWS.scheduledIngestion, 'scheduled-ingestion/south-1');
      assert.deepEqual((result as { outcome: string }).outcome, 'done');
      const [asked] = stages.asked('planIngestion') as { from: string; dataset: string; regions: string[] }[];
      assert.deepEqual([asked!.from, asked!.dataset, asked!.regions], ['2019-02-26', 'whole', ['ERCO']]);
      const again = await run(client, WORKFLOWS.scheduledIngestion, 'scheduled-ingestion/south-2');
      assert.equal((again as { outcome: string }).outcome, 'skipped');
      assert.deepEqual(
        stages.jobs.map(({ model, job, outcome }) => [model, job, outcome]),
        [
          ['south', 'ingestion', 'done'],
          ['south', 'ingestion', 'skipped'],
        ],
      );
      assert.match(stages.jobs[0]!.reason, /demand of ERCO to /);
      assert.match(stages.jobs[1]!.reason, /nothing that the home has not/);
    });
  });

  it('writes down why it failed, and tells the alerts', async () => {
    const stages = new FakeStages({
      ingestWindow: () => {
        throw new SourceRefusedError('EIA refused the key.', 'Correct EIA_API_KEY.');
      },
    });
    await withWorkers(stages.run, async (client) => {
      await assert.rejects(run(client, WORKFLOWS.scheduledIngestion, 'scheduled-ingestion/south-refused'));
      const [{ outcome, reason, asOf, startedAt }] = stages.jobs as [(typeof stages.jobs)[0]];
      assert.deepEqual([outcome, reason], ['failed', 'EIA refused the key. Correct EIA_API_KEY.']);
      assert.ok(Math.abs(Date.parse(asOf) - Date.parse(startedAt)) < 60_000);
      const alerts = client.workflow.getHandle('alerts');
      await until(async () => {
        const { events } = await alerts.fetchHistory();
        return events!.some(({ workflowExecutionSignaledEventAttributes: signal }) => {
          const data = signal?.input?.payloads?.[0]?.data;
          return data && /"outcome":"failed"/.test(Buffer.from(data).toString());
        });
      });
    });
  });
});

describe('scheduledForecastWorkflow', () => {
  it('keeps the manifest of a forecast of all regions, and says when there is nothing new to forecast', async () => {
    let reused = false;
    const stages = new FakeStages({ forecast: () => issued(reused) });
    await withWorkers(stages.run, async (client) => {
      await run(client, WORKFLOWS.scheduledForecast, 'forecast/south-1', { config, asOf: '2019-03-01T19' });
      assert.deepEqual(stages.asked('forecast'), [
        { name: 'south', regions: ['ERCO'], asOf: '2019-03-01T19' },
      ]);
      reused = true;
      await run(client, WORKFLOWS.scheduledForecast, 'forecast/south-2');
      assert.deepEqual(
        stages.jobs.map(({ outcome, version, facts }) => [outcome, version, facts['forecast']]),
        [
          ['done', 3, 'manifests/fake/forecast.json'],
          ['skipped', 3, 'manifests/fake/forecast.json'],
        ],
      );
      assert.match(stages.jobs[1]!.reason, /^ERCO: no later issue than 2019-03-01T16 UTC/);
      assert.equal(stages.jobs[0]!.asOf, '2019-03-01T19:00:00.000Z');
      assert.deepEqual(stages.asked('forecast')[1], { name: 'south', regions: ['ERCO'] });
    });
  });

  it('writes down that there is no champion', async () => {
    const stages = new FakeStages({
      forecast: () => {
        throw new MissingDataError('The model south has no champion.', 'Promote a version.');
      },
    });
    await withWorkers(stages.run, async (client) => {
      await assert.rejects(run(client, WORKFLOWS.scheduledForecast, 'forecast/south-none'));
      assert.deepEqual(
        stages.jobs.map(({ outcome, reason }) => [outcome, reason]),
        [['failed', 'The model south has no champion. Promote a version.']],
      );
    });
  });
});

describe('driftMonitoringWorkflow', () => {
  const finding = (what: string) => ({ kind: 'data' as const, region: 'ERCO' as const, what });

  it('asks for the champion by the configuration, and writes down what was measured', async () => {
    const stages = new FakeStages();
    await withWorkers(stages.run, async (client) => {
      const own = { ...config, drift_thresholds: { psi: 0.4 } };
      await run(client, WORKFLOWS.driftMonitoring, 'drift/south-1', { config: own, asOf: '2019-03-01T19' });
      const [asked] = stages.asked('checkDrift') as [{ thresholds: object }];
      const { thresholds, ...rest } = asked;
      assert.deepEqual(rest, { name: 'south', regions: ['ERCO'], asOf: '2019-03-01T19', windowDays: 42 });
      assert.deepEqual(thresholds, {
        ...{ psi: 0.4, ks_p_value: 0.05, accuracy_drop: 0.05, error_growth: 0.25, f1_drop: 0.1 },
      });
      const [{ outcome, reason, version, facts }] = stages.jobs as [(typeof stages.jobs)[0]];
      assert.deepEqual([outcome, version, facts['report']], ['done', 1, 'manifests/fake/drift.json']);
      assert.equal(
        reason,
        'Nothing of version 1 has drifted in ERCO in the 42 days before 2019-03-01T19 UTC.',
      );
    });
  });

  it('is left out, with its reason, as long as nobody has been promoted', async () => {
    const stages = new FakeStages({
      checkDrift: () => {
        throw new NoChampionError('The model south has no champion.', 'Promote a version.');
      },
    });
    await withWorkers(stages.run, async (client) => {
      await run(client, WORKFLOWS.driftMonitoring, 'drift/south-none');
      assert.deepEqual(
        stages.jobs.map(({ outcome, reason }) => [outcome, reason]),
        [['skipped', 'south has no champion yet whose drift could be looked for.']],
      );
    });
  });

  it('tells the alerts what drifted, in numbers and in words', async () => {
    const stages = new FakeStages({
      checkDrift: () => ({
        ...{ dataset: reference('drift'), reused: false, asOf: '2019-03-01T00', drifted: true },
        model: { name: 'south', version: 4 },
        findings: ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((what) => finding(`${what}.`)),
        facts: { psi_score: 0.9, accuracy: 0.9, baseline_accuracy: 0.97 },
      }),
    });
    await withWorkers(stages.run, async (client) => {
      await run(client, WORKFLOWS.driftMonitoring, 'drift/south-2');
      assert.equal(stages.jobs[0]!.reason, 'a. b. c. d. e. And 2 more.');
      const observation = () =>
        stages.alerts.flatMap((message) => (message.kind === 'observe' ? [message.body] : []));
      await until(() => observation().length > 0);
      const { source, facts, note } = observation()[0]!;
      assert.deepEqual([source, facts['psi_score'], note], ['drift', 0.9, 'a. b. c. d. e. And 2 more.']);
    });
  });
});

describe('a schedule', () => {
  it('starts runs for now when it is triggered, and runs that stand for their own time when it is backfilled', async () => {
    const stages = new FakeStages({ forecast: () => issued(false) });
    await withWorkers(stages.run, async (client) => {
      const definition = definitionsOf(config).find(({ job }) => job === 'forecast')!;
      const handle = await client.schedule.create({ ...optionsOf(definition), state: { paused: true } });
      try {
        await handle.trigger();
        await until(() => stages.jobs.length === 1);
        assert.deepEqual(stages.asked('forecast'), [{ name: 'south', regions: ['ERCO'] }]);
        const [start, end] = [new Date('2019-03-01T18:59:59Z'), new Date('2019-03-03T19:00:00Z')];
        await handle.backfill({ start, end, overlap: 'BUFFER_ALL' });
        await until(() => stages.jobs.length === 4);
        assert.deepEqual(
          stages.jobs.slice(1).map(({ asOf, outcome }) => [asOf, outcome]),
          ['2019-03-01', '2019-03-02', '2019-03-03'].map((day) => [`${day}T19:00:00.000Z`, 'done']),
        );
        const days = stages.asked('forecast').slice(1) as { asOf: string }[];
        assert.deepEqual(
          days.map(({ asOf }) => asOf),
          ['2019-03-01T19', '2019-03-02T19', '2019-03-03T19'],
        );
      } finally {
        await handle.delete();
      }
    });
  });
});
