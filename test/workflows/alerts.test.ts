import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { WorkflowHandle } from '@temporalio/client';
import { deliver } from '../../src/alerts/deliver.ts';
import { deliverAlert, turnAlerts } from '../../src/alerts/stage.ts';
import { readAlerts } from '../../src/alerts/store.ts';
import { loadConfig } from '../../src/config/config.ts';
import { observation, type Observation } from '../../src/contracts/alerts.ts';
import { UnavailableError } from '../../src/errors.ts';
import { Home } from '../../src/lake/home.ts';
import {
  acknowledgeUpdate,
  alertStatusQuery,
  observeSignal,
  silenceSignal,
  silenceUpdate,
} from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import { HttpReceiver, type Mood } from '../alerts/receivers.ts';
import { FakeStages } from '../support/fake-stages.ts';
import { temporal, temporaryFolder, whileWorkersRun, withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const seen = (psi: number, more: Partial<Observation> = {}): Observation =>
  observation.parse({
    model: 'day-ahead',
    asOf: '2019-03-01T00',
    source: 'drift',
    facts: { psi_score: psi },
    ...more,
  });

describe('alertsWorkflow', () => {
  let home: Home;
  let receiver: HttpReceiver;
  let stages: FakeStages;

  beforeEach(async () => {
    home = await Home.open(await temporaryFolder());
    receiver = await HttpReceiver.open();
    await mkdir(home.path('alerts'));
    await writeChannels({ slack: { kind: 'slack', url: receiver.url }, hook: webhook('/hook') });
    await writeRules({ notification: ['hook'] });
    const config = loadConfig({}, { environment: {} });
    const signal = new AbortController().signal;
    stages = new FakeStages({
      turnAlerts: (input) => turnAlerts({ home, config, signal }, input),
      deliverAlert: (input, options) => deliverAlert({ home, config, signal: options.signal }, input),
    });
  });
  afterEach(() => receiver.close());

  const webhook = (path: string) => ({ kind: 'webhook', url: `${receiver.url}${path}`, secret: 's' });
  const writeChannels = (channels: object) =>
    writeFile(home.path('alerts', 'channels.yaml'), stringify({ channels }));
  const writeRules = (rule: object) =>
    writeFile(
      home.path('alerts', 'rules.yaml'),
      stringify({ alert_rules: { high_drift: { condition: 'psi_score > 0.25', ...rule } } }),
    );

  const observe = (
    client: Parameters<Parameters<typeof withWorkers>[1]>[0],
    body: object,
  ): Promise<WorkflowHandle> =>
    client.workflow.signalWithStart(WORKFLOWS.alerts, {
      workflowId: workflowIds.alerts(),
      taskQueue: PIPELINE_QUEUE,
      args: [],
      signal: observeSignal,
      signalArgs: [body as Observation],
    });
  /** So many were taken, nothing waits any more, and the entity has said so. */
  const settled = (taken: number) =>
    until(async () => {
      const { client } = await temporal();
      const { outbox } = await readAlerts(home);
      if (receiver.taken.length !== taken || outbox.some(({ state }) => state === 'waiting')) return false;
      return (await client.workflow.getHandle(workflowIds.alerts()).query(alertStatusQuery)).pending === 0;
    });
  const kinds = () => receiver.taken.map(({ json }) => json['kind']);

  it('tells of what fires once, of its end once, and says what it knows', async () => {
    await withWorkers(stages.run, async (client) => {
      const handle = await observe(client, seen(0.3));
      await observe(client, seen(0.4));
      await settled(1);
      const status = await handle.query(alertStatusQuery);
      assert.deepEqual(
        status.firing.map(({ rule, model, severity }) => [rule, model, severity]),
        [['high_drift', 'day-ahead', 'warning']],
      );
      await observe(client, seen(0.1));
      await settled(2);
      assert.deepEqual(kinds(), ['fired', 'recovered']);
      await until(async () => (await handle.query(alertStatusQuery)).count === 0);
    });
  });

  it('tries a channel again that fails, and holds no other back for it', async () => {
    const other = await HttpReceiver.open();
    await writeChannels({ slack: { kind: 'slack', url: other.url }, hook: webhook('/hook') });
    await writeRules({ notification: ['hook', 'slack'] });
    receiver.moods = Array<Mood>(20).fill('drop');
    await withWorkers(stages.run, async (client) => {
      await observe(client, seen(0.3));
      await until(() => other.taken.length === 1);
      await until(() => receiver.received.length > 0);
      assert.equal(receiver.taken.length, 0);
      receiver.moods = [];
      await settled(1);
    });
    const ids = receiver.received.map(({ headers }) => headers['x-ringwatt-delivery']);
    assert.ok(ids.length >= 2);
    assert.equal(new Set(ids).size, 1);
    await other.close();
  });

  it('answers who acknowledges and silences, and refuses with the reason what cannot be', async () => {
    await withWorkers(stages.run, async (client) => {
      const handle = await observe(client, seen(0.3));
      await settled(1);
      const by = { by: 'ann', why: 'on it' };
      assert.equal(
        await handle.executeUpdate(acknowledgeUpdate, { args: [{ rule: 'high_drift', ...by }] }),
        'acknowledged 1',
      );
      await assert.rejects(
        handle.executeUpdate(acknowledgeUpdate, { args: [{ rule: 'other' }] }),
        (error: Error) => /Nothing fires/.test(String(error.cause)),
      );
      await assert.rejects(
        handle.executeUpdate(silenceUpdate, { args: [{ until: 'tomorrow' }] }),
        (error: Error) => /until: must be a moment/.test(String(error.cause)),
      );
      await handle.signal(silenceSignal, { model: 'day-ahead', until: '2099-01-01T00', ...by });
      await until(async () => (await handle.query(alertStatusQuery)).silences.length === 1);
      await settled(2);
      assert.deepEqual(kinds(), ['fired', 'acknowledged']);
      const whats = (await readAlerts(home)).events.map(({ what, by: who }) => `${what} ${who}`);
      assert.deepEqual(whats, ['silenced ann', 'acknowledged ann', 'fired ringwatt']);
    });
  });

  it('says of a signal that does not fit why, and goes on', async () => {
    await withWorkers(stages.run, async (client) => {
      const handle = await observe(client, { model: 'day-ahead', facts: 'all' });
      await until(async () => (await handle.query(alertStatusQuery)).refused !== null);
      const { refused } = await handle.query(alertStatusQuery);
      assert.match(refused!, /signal observe was refused: asOf: .*facts: /);
      await observe(client, seen(0.3));
      await settled(1);
    });
  });

  it('escalates when its time has come and nobody has acknowledged', async () => {
    const [minutes] = [1 / 60];
    await writeRules({
      notification: ['slack'],
      escalate_after_minutes: minutes,
      escalate_to: ['hook'],
    });
    await withWorkers(stages.run, async (client) => {
      await observe(client, seen(0.3));
      await settled(2);
      assert.equal(receiver.taken[1]!.json['kind'], 'escalated');
    });
  });

  it('escalates by the moments of observations where their clock is simulated', async () => {
    await writeRules({ notification: ['hook'], escalate_after_minutes: 1440, escalate_to: ['slack'] });
    await withWorkers(stages.run, async (client) => {
      for (const asOf of ['2019-03-01T00', '2019-03-01T23', '2019-03-02T00'])
        await observe(client, seen(0.3, { asOf, simulated: true }));
      await settled(2);
      const [fired, escalated] = receiver.taken;
      assert.equal(fired!.json['asOf'], '2019-03-01T00:00:00.000Z');
      assert.match(JSON.stringify(escalated!.json), /as of 2019-03-02T00:00:00.000Z \(simulated\)/);
    });
  });

  it('keeps what came while the files could not be written, and begins anew with all it has', async () => {
    let full = 1;
    const turn = stages.table.turnAlerts;
    stages.table.turnAlerts = async (...args) => {
      // What was written before an attempt died counts once.
      const done = await turn(...args);
      if (full-- > 0) throw Object.assign(new Error('The worker is gone.'), { done });
      return done;
    };
    await withWorkers(stages.run, async (client) => {
      await observe(client, seen(0.3));
      await settled(1);
      await observe(client, seen(0.2));
      await settled(2);
      assert.deepEqual(kinds(), ['fired', 'recovered']);
    });
  });

  it('continues as new with a delivery under way, sends that, and loses no observation', async () => {
    receiver.moods = ['hang'];
    // On however slow a machine the attempt hangs until it is told to end.
    const patient = {
      home,
      config: loadConfig({}, { environment: {} }),
      now: Date.now,
      patienceMs: 3_600_000,
    };
    stages.table.deliverAlert = ({ id, by }, { signal }) => deliver({ ...patient, by, signal }, id);
    await withWorkers(stages.run, async (client) => {
      const handle = await observe(client, seen(0.3));
      const { runId } = await handle.describe();
      await until(() => receiver.received.length === 1);
      await handle.signal(silenceSignal, { until: 'soon' } as never);
      // How many events a signal makes depends on how busy the server is: as many as it takes. The entity answers
      // between them, for with a hundred more in hand than it has taken in, the server drops what it does.
      while ((await handle.describe()).runId === runId) {
        await Promise.all(Array.from({ length: 50 }, () => observe(client, seen(0.4))));
        await handle.query(alertStatusQuery);
      }
      const { events: first } = await client.workflow.getHandle(handle.workflowId, runId).fetchHistory();
      assert.ok(
        first!.some((event) => event.activityTaskCanceledEventAttributes),
        'it goes on while an attempt still holds what is to be sent',
      );
      await observe(client, seen(0.1));
      await settled(2);
      assert.match((await handle.query(alertStatusQuery)).refused ?? '', /silence was refused/);
    });
    assert.deepEqual(kinds(), ['fired', 'recovered']);
    const { events } = await readAlerts(home);
    assert.equal(events.length, 2);
  });

  it('sends what workers that are gone have left in the outbox', async () => {
    const deliver = stages.table.deliverAlert;
    stages.table.deliverAlert = () => {
      throw new UnavailableError('The worker dies here.', '');
    };
    await whileWorkersRun(stages.run, async (client) => {
      await observe(client, seen(0.3));
      await until(async () => (await readAlerts(home)).outbox.length === 1);
    });
    assert.equal(receiver.taken.length, 0);
    stages.table.deliverAlert = deliver;
    await withWorkers(stages.run, async (client) => {
      await observe(client, seen(0.4));
      await settled(1);
      assert.deepEqual(kinds(), ['fired']);
    });
  });
});
