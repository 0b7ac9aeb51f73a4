import { definitionsOf } from '../../../schedules/schedule.ts';
import { optionsOf } from '../../../schedules/server-form.ts';
import { retrainingConfig } from '../../../src/contracts/retraining.ts';
import { SourceRefusedError } from '../../../src/errors.ts';
import { WORKFLOWS, workflowIds } from '../../../src/temporal/names.ts';
import { FakeStages, reference } from '../../support/fake-stages.ts';
import { withWorkers } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { keep, start } from './recorder.ts';

describe('recording histories of what schedules start', function () {
  this.timeout(120_000);

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
});
