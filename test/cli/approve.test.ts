import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { httpDoor } from '../../src/http/server.ts';
import { Home } from '../../src/lake/home.ts';
import { silentLogger } from '../../src/stages/context.ts';
import { LastingConnection } from '../../src/temporal/lasting-connection.ts';
import { deploymentStatusQuery } from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import { promoteVersion } from '../../src/temporal/runs.ts';
import { versionFolder, versionUri } from '../../src/registry/layout.ts';
import { sealRecord } from '../../src/registry/version-record.ts';
import { FakeStages, reference, scoreOf } from '../support/fake-stages.ts';
import { temporal, withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { reasonOf, ringwatt } from './command.ts';

const CONFIG = {
  ...{ model_name: 'day-ahead', regions: ['CAL', 'MISO'], approvers: ['ada', 'grace'] },
  ...{ approval_hours: 24, canary_share: 0.1, canary_hours: 48 },
};

/** As much of a version as tells of its regions. */
async function writeRecord(home: Home, version: number, regions: ('CAL' | 'MISO')[]): Promise<void> {
  await mkdir(home.path(versionFolder('day-ahead', version)), { recursive: true });
  const hash = 'a'.repeat(64);
  const text = sealRecord({
    ...{ name: 'day-ahead', version, createdAt: '2019-03-01T00:00:00Z', datasetSha256: hash },
    ...{ lineage: { backtest: reference('backtest') }, sequenceLength: 168, training: {} },
    metrics: regions.map((region) => scoreOf(region, 3)),
    files: [{ role: 'manifest', file: 'training.json', sha256: hash, bytes: 1 }],
  });
  await writeFile(home.path(versionUri('day-ahead', version)), text);
}

/** A deployment of version 2, beside the champion 1, that waits. */
async function waiting(client: Client) {
  await promoteVersion(client, 'day-ahead', { version: 1 });
  const handle = await client.workflow.start(WORKFLOWS.deployment, {
    workflowId: workflowIds.deployment('day-ahead'),
    taskQueue: PIPELINE_QUEUE,
    args: [{ config: CONFIG, version: 2, asOf: '2019-03-03T02' }],
  });
  const says = async () => (await handle.query(deploymentStatusQuery)).says;
  await until(async () => (await says()).startsWith('It waits for the approval'));
  return handle;
}

describe('approve and reject', () => {
  let home: Home;
  beforeEach(async () => {
    home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-approve-')));
    await mkdir(home.path('models/day-ahead/2'), { recursive: true });
  });
  afterEach(() => rm(home.root, { recursive: true, force: true }));

  it('answer for a deployment that waits; who may not, and what does not wait, is refused in a sentence', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2];
    const { address } = await temporal();
    await withWorkers(stages.run, async (client) => {
      const verb = (...words: string[]) =>
        ringwatt([...words, '--home', home.root, '--json'], { TEMPORAL_ADDRESS: address });
      await writeRecord(home, 1, ['CAL', 'MISO']);
      await writeRecord(home, 2, ['MISO']);
      const handle = await waiting(client);
      const strange = await verb('approve', 'day-ahead', '2', '--by', 'mallory');
      assert.match(`${strange.code} ${reasonOf(strange)}`, /^1 mallory is none of those who may: ada, grace/);
      const done = await verb('approve', 'day-ahead', '2', '--by', 'grace', '--reason', 'good');
      assert.equal(done.code, 0, done.stderr);
      const { model, version, kind, by, refusal } = JSON.parse(done.stdout) as Record<string, unknown>;
      assert.deepEqual([model, version, kind, by, refusal], ['day-ahead', 2, 'approve', 'grace', null]);
      const rejected = await verb('reject', 'day-ahead', '2', '--by', 'ada');
      assert.equal(rejected.code, 0, rejected.stderr);
      assert.match((await handle.result()).says, /^Rejected by ada/);
      assert.match(reasonOf(await verb('reject', 'day-ahead', '2')), /^No version of day-ahead waits/);
      const promoted = await verb('promote', 'day-ahead', '2');
      assert.equal(promoted.code, 0, promoted.stderr);
      const { previous, regionsLost } = JSON.parse(promoted.stdout) as Record<string, unknown>;
      assert.deepEqual([previous, regionsLost], [1, ['CAL']]);
    });
    const told = stages.audit.filter(({ what }) => ['approved', 'rejected', 'refused'].includes(what));
    assert.deepEqual(
      told.map(({ what, who, why, from }) => [what, who, why.slice(0, 15), from]),
      [
        ['refused', 'mallory', 'approve: mallor', 'cli deployment/day-ahead'],
        ['approved', 'grace', 'good', 'cli deployment/day-ahead'],
        ['rejected', 'ada', '', 'cli deployment/day-ahead'],
      ],
    );
  });

  it('go by HTTP, too', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2];
    const { address, namespace = 'default' } = await temporal();
    const place = { temporalAddress: address, temporalNamespace: namespace };
    const lasting = new LastingConnection(() => place);
    const door = httpDoor({ home, temporal: lasting, log: silentLogger });
    try {
      await withWorkers(stages.run, async (client) => {
        const post = async (what: string, payload: object) => {
          const url = `/models/day-ahead/${what}`;
          const headers = { 'content-type': 'application/json' };
          const reply = await door.inject({ method: 'POST', url, headers, payload });
          const body = reply.json<{ kind?: string; regionsLost?: string[]; error?: { message: string } }>();
          const lost = body.regionsLost ? `; lost: ${body.regionsLost.join()}` : '';
          return `${reply.statusCode} ${body.error?.message ?? body.kind}${lost}`;
        };
        assert.match(await post('approve', { version: 2 }), /^404 No version of day-ahead waits/);
        const handle = await waiting(client);
        assert.match(await post('approve', { version: 2, by: 'bob' }), /^409 bob is none of those who may/);
        assert.match(await post('approve', { version: 7, by: 'ada' }), /^404 Version 7 is not what is being/);
        assert.match(await post('reject', { version: 2, by: 'ada', from: 'x' }), /^422 The request is wrong/);
        assert.equal(await post('reject', { version: 2, by: 'ada' }), '200 reject');
        assert.equal((await handle.result()).outcome, 'refused');
        await writeRecord(home, 1, ['CAL', 'MISO']);
        await writeRecord(home, 2, ['MISO']);
        assert.equal(await post('promote', { version: 2, by: 'ada' }), '200 promoted; lost: CAL');
        assert.equal(await post('rollback', { by: 'ada' }), '200 rolled-back');
      });
    } finally {
      await door.close();
      await lasting.close();
    }
    assert.equal(stages.audit.find(({ what }) => what === 'rejected')?.from, 'http deployment/day-ahead');
  });

  it('start nothing: where the services are down they say so, as of a model or version that is none', async () => {
    const refused = async (...words: string[]) => reasonOf(await ringwatt([...words, '--home', home.root]));
    const reasons = await Promise.all([
      refused('approve', 'day-ahead', '2'),
      refused('reject', 'other', '2'),
      refused('approve', 'day-ahead', 'two'),
    ]);
    const expected = [
      /^No services run on this home\. Start them with `npm run -s ringwatt -- up --detach`/,
      /^There is no model other\. There are: day-ahead/,
      /^"two" is not a version's number/,
    ];
    reasons.forEach((reason, i) => assert.match(reason, expected[i]!));
  });
});
