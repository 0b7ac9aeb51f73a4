import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { applySchedules } from '../../schedules/apply.ts';
import { chosenConfigs, keepConfigs } from '../../schedules/config-files.ts';
import { listSchedules, pauseSchedule, triggerSchedule, unpauseSchedule } from '../../schedules/control.ts';
import { SHIPPED_CONFIG } from '../../schedules/retraining-file.ts';
import { definitionsOf } from '../../schedules/schedule.ts';
import { retrainingConfig } from '../../src/contracts/retraining.ts';
import { readAppliedSchedules } from '../../src/jobs/applied-schedules.ts';
import { nextTimes } from '../../src/jobs/cron.ts';
import { Home } from '../../src/lake/home.ts';
import { temporal } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const configOf = (model: string, changed: object = {}) =>
  retrainingConfig.parse({ model_name: model, time_zone: 'America/New_York', ...changed });

const KINDS = ['retrain', 'ingestion', 'drift', 'forecast'];
const idsOf = (model: string) => KINDS.map((kind) => `${kind}-${model}`);

describe('schedules', () => {
  let home: Home;
  let client: Client;
  beforeEach(async () => {
    home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-schedules-')));
    ({ client } = await temporal());
  });
  afterEach(async () => {
    // The server's list may be some seconds behind.
    const ids = new Set((await readAppliedSchedules({ home })).map(({ id }) => id));
    for await (const { scheduleId } of client.schedule.list()) ids.add(scheduleId);
    for (const id of ids) {
      await client.schedule
        .getHandle(id)
        .delete()
        .catch(() => {});
    }
    await rm(home.root, { recursive: true, force: true });
  });

  const actor = () => ({ home, by: 'anna', reason: 'a test' });
  const audited = async () =>
    (await readFile(home.path('audit/log.jsonl'), 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { what: string; subject: string; who: string; why: string })
      .filter(({ subject }) => subject.startsWith('schedule/'))
      .map(({ what, subject, who, why }) => [what, subject, who, why]);
  const versionOf = async (id: string) =>
    (await client.schedule.getHandle(id).describe()).info.lastUpdatedAt?.toISOString();

  it('are made once: a second time nothing is changed, and what differs is updated', async () => {
    const [a, b] = [configOf('alpha'), configOf('beta')];
    const first = await applySchedules(client, [a, b], actor());
    assert.deepEqual(first.created, [...idsOf('alpha'), ...idsOf('beta')]);
    assert.equal((await audited()).length, 8);
    const again = await applySchedules(client, [a, b], actor());
    assert.deepEqual([again.unchanged, again.updated], [first.created, []]);
    assert.equal((await audited()).length, 8);
    assert.equal(await versionOf('retrain-alpha'), undefined);

    const later = configOf('alpha', { drift_schedule: '0 20 * * 1-7', auto_deploy: true });
    const changed = await applySchedules(client, [later, b], actor());
    // What the workflows are told changes with the configuration, so all four of the model do.
    assert.deepEqual([changed.updated, changed.unchanged], [idsOf('alpha'), idsOf('beta')]);
    const { spec, policies, action } = await client.schedule.getHandle('drift-alpha').describe();
    assert.equal(spec.calendars?.[0]?.comment, '0 20 * * 1-7');
    assert.deepEqual([policies.overlap, policies.catchupWindow], ['SKIP', 12 * 3_600_000]);
    assert.deepEqual(action.args, [{ config: later }]);
    assert.deepEqual((await applySchedules(client, [later, b], actor())).updated, []);
  });

  it('are put right where somebody changed them by another door', async () => {
    const config = configOf('alpha');
    await applySchedules(client, [config], actor());
    await client.schedule
      .getHandle('forecast-alpha')
      .update((found) => ({ ...found, policies: { ...found.policies, overlap: 'ALLOW_ALL' } }));
    const { updated } = await applySchedules(client, [config], actor());
    assert.deepEqual(updated, ['forecast-alpha']);
    const { policies } = await client.schedule.getHandle('forecast-alpha').describe();
    assert.equal(policies.overlap, 'BUFFER_ONE');
  });

  it('stay paused, with the reason, until they are unpaused; the file says so, too', async () => {
    await applySchedules(client, [configOf('alpha')], actor());
    await pauseSchedule(client, 'retrain-alpha', { ...actor(), reason: 'holidays' });
    const { paused } = await applySchedules(client, [configOf('alpha', { preset: 'default' })], actor());
    assert.deepEqual(paused, ['retrain-alpha']);
    const { state } = await client.schedule.getHandle('retrain-alpha').describe();
    assert.deepEqual([state.paused, state.note], [true, 'holidays']);
    const pausedInFile = async () =>
      (await readAppliedSchedules({ home })).filter((schedule) => schedule.paused).map(({ id }) => id);
    assert.deepEqual(await pausedInFile(), ['retrain-alpha']);
    await unpauseSchedule(client, 'retrain-alpha', actor());
    assert.deepEqual(await pausedInFile(), []);
    assert.deepEqual((await audited()).slice(4), [
      ['schedule-paused', 'schedule/retrain-alpha', 'anna', 'holidays'],
      ...idsOf('alpha').map((id) => ['schedule-updated', `schedule/${id}`, 'anna', 'a test']),
      ['schedule-unpaused', 'schedule/retrain-alpha', 'anna', 'a test'],
    ]);
    await assert.rejects(pauseSchedule(client, 'retrain-gamma', actor()), { name: 'MissingDataError' });
  });

  it('of a model that no file names any more are told of, and removed by --prune', async () => {
    await applySchedules(client, [configOf('alpha'), configOf('beta')], actor());
    const { left, removed } = await applySchedules(client, [configOf('alpha')], actor());
    assert.deepEqual([left, removed], [idsOf('beta').toSorted(), []]);
    assert.equal((await readAppliedSchedules({ home })).length, 8);
    const pruned = await applySchedules(client, [configOf('alpha')], { ...actor(), prune: true });
    assert.deepEqual([pruned.left, pruned.removed], [[], idsOf('beta').toSorted()]);
    assert.deepEqual(
      (await readAppliedSchedules({ home })).map(({ id }) => id),
      idsOf('alpha').toSorted(),
    );
    await assert.rejects(client.schedule.getHandle('retrain-beta').describe());
  });

  it('of earlier homes go, and those of other projects stay', async () => {
    const action = { type: 'startWorkflow', workflowType: 'x', taskQueue: 'x', workflowId: 'x' } as const;
    const spec = { calendars: [{ hour: 3 }] };
    await client.schedule.create({ scheduleId: 'weekly-retrain', spec, action });
    await client.schedule.create({ scheduleId: 'drift-of-others', spec, action });
    const { removed, left } = await applySchedules(client, [configOf('alpha')], { ...actor(), prune: true });
    assert.deepEqual([removed, left], [['weekly-retrain'], []]);
    await client.schedule.getHandle('drift-of-others').describe();
  });

  it('run when the preview says', async () => {
    const config = configOf('alpha', { ingestion_schedule: '7,37 5-8 * * *' });
    await applySchedules(client, [config], actor());
    const now = new Date();
    await until(async () => (await listSchedules(client)).length === 4);
    const listed = await listSchedules(client);
    for (const { id, cron, timeZone } of definitionsOf(config)) {
      const ours = nextTimes(cron, timeZone, now, 10).map((at) => at.toISOString());
      assert.deepEqual(listed.find((schedule) => schedule.id === id)?.next, ours, id);
    }
  });

  it('can be triggered at any time, and then start what they are for', async () => {
    await applySchedules(client, [configOf('alpha')], actor());
    await pauseSchedule(client, 'retrain-alpha', actor());
    await triggerSchedule(client, 'retrain-alpha', actor());
    await until(async () => {
      const { info } = await client.schedule.getHandle('retrain-alpha').describe();
      return info.recentActions.length === 1;
    });
    const { info } = await client.schedule.getHandle('retrain-alpha').describe();
    const { workflowId } = info.recentActions[0]!.action.workflow;
    assert.match(workflowId, /^learning\/alpha-\d{4}-/);
    const started = await client.workflow.getHandle(workflowId).describe();
    assert.equal(started.type, 'continuousLearningWorkflow');
    await client.workflow.getHandle(workflowId).terminate('the test is over');
  });

  it('are those that were applied last, when no file is named', async () => {
    const [shipped] = await chosenConfigs(home, []);
    assert.equal(shipped?.file, SHIPPED_CONFIG);
    await keepConfigs(home, [shipped!], { prune: false });
    assert.equal((await chosenConfigs(home, []))[0]?.file, SHIPPED_CONFIG);
    const file = join(home.root, 'elsewhere.yaml');
    await writeFile(file, 'model_name: south # mine\n');
    await keepConfigs(home, await chosenConfigs(home, [file]), { prune: false });
    const [kept, ...more] = await chosenConfigs(home, []);
    assert.deepEqual(
      [kept?.config.model_name, kept?.text, more],
      ['south', 'model_name: south # mine\n', []],
    );
    await keepConfigs(home, [shipped!], { prune: true });
    assert.equal((await chosenConfigs(home, []))[0]?.file, SHIPPED_CONFIG);
  });

  it('are those of every model that was applied, of one file or of several', async () => {
    const models = async () => (await chosenConfigs(home, [])).map(({ config }) => config.model_name);
    const file = join(home.root, 'several.yaml');
    await writeFile(file, '# of the south\nmodel_name: south\n---\n# of the west\nmodel_name: west\n');
    const several = await chosenConfigs(home, [file]);
    await keepConfigs(home, several, { prune: false });
    assert.deepEqual(await models(), ['south', 'west']);
    assert.match(await readFile(home.path('schedules/west.yaml'), 'utf8'), /# of the west\nmodel_name: west/);

    const [shipped] = await chosenConfigs(home, [SHIPPED_CONFIG]);
    await applySchedules(client, [shipped!.config], { home, by: 'ada', reason: '' });
    assert.deepEqual(await models(), ['day-ahead', 'south', 'west']);
    await applySchedules(
      client,
      several.map(({ config }) => config),
      { home, by: 'ada', reason: '', prune: true },
    );
    assert.deepEqual(await models(), ['south', 'west']);
  });
});
