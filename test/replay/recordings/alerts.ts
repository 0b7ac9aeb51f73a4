import type { AlertMessage, AlertTurn } from '../../../src/contracts/alerts.ts';
import { DeliveryWaitsError, StorageError } from '../../../src/errors.ts';
import {
  acknowledgeUpdate,
  alertStatusQuery,
  observeSignal,
  refreshAlertsSignal,
  silenceSignal,
} from '../../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../../src/temporal/names.ts';
import { FakeStages, quietTurn } from '../../support/fake-stages.ts';
import { withWorkers } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { writeHistory } from '../histories.ts';

const seen = (psi: number) => ({
  ...{ model: 'day-ahead', asOf: '2019-03-01T00', source: 'drift', facts: { psi_score: psi } },
  ...{ note: '', simulated: false },
});

/** Answers to messages; two deliveries wait after the first, and time has something due once. */
function turnOf(messages: AlertMessage[], turns: number): AlertTurn {
  const answers = messages.flatMap(({ id, kind }) =>
    kind === 'observe' || id === undefined ? [] : [{ id, says: 'acknowledged 1', refused: false }],
  );
  return {
    ...quietTurn(),
    answers,
    pending: turns === 2 ? ['i1-1-email', 'i1-2-slack'] : [],
    nextAt: turns === 3 ? new Date(Date.now() + 1500).toISOString() : null,
  };
}

describe('recording the history of alerts', function () {
  this.timeout(120_000);

  it('alerts that are sent, tried again, acknowledged, silenced, refused, and continued as new', async () => {
    let turns = 0;
    let attempts = 0;
    const stages = new FakeStages({
      turnAlerts: ({ messages }) => {
        turns += 1;
        if (turns === 4) throw new StorageError('The disk is full.', 'Free some space.');
        return turnOf(messages, turns);
      },
      deliverAlert: ({ id }) => {
        attempts += 1;
        if (id.endsWith('slack') && attempts < 4)
          throw new DeliveryWaitsError('slack was not told.', Date.now() + 200);
        return { state: 'sent', says: '' };
      },
    });
    await withWorkers(stages.run, async (client) => {
      const handle = await client.workflow.start(WORKFLOWS.alerts, {
        workflowId: workflowIds.alerts(),
        taskQueue: PIPELINE_QUEUE,
        args: [{}],
      });
      const { runId } = await handle.describe();
      await until(() => turns === 1);
      await handle.signal(observeSignal, seen(0.3));
      await until(() => attempts === 4);
      await until(() => turns >= 5);
      await handle.executeUpdate(acknowledgeUpdate, { args: [{ rule: 'high_drift', by: 'ann' }] });
      await handle.signal(silenceSignal, { until: '2099-01-01T00', by: 'ann' });
      await handle.signal(silenceSignal, { until: 'tomorrow' });
      await until(async () => (await handle.query(alertStatusQuery)).refused !== null);
      for (let round = 0; round < 9; round += 1) {
        await Promise.all(Array.from({ length: 50 }, () => handle.signal(refreshAlertsSignal)));
      }
      await until(
        async () => (await client.workflow.getHandle(handle.workflowId).describe()).runId !== runId,
      );
      const first = client.workflow.getHandle(handle.workflowId, runId);
      await writeHistory('alerts', await first.fetchHistory());
      const next = client.workflow.getHandle(handle.workflowId);
      await next.signal(observeSignal, seen(0.1));
      const before = turns;
      await until(() => turns > before);
      await writeHistory('alerts-goes-on', await next.fetchHistory());
    });
  });
});
