import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { AuditEntry } from '../../src/contracts/audit.ts';
import type { LifecycleEvent } from '../../src/contracts/lifecycle.ts';
import { lifecycleStatusQuery, rollbackSignal } from '../../src/temporal/messages.ts';
import { workflowIds } from '../../src/temporal/names.ts';
import { UnavailableError } from '../../src/errors.ts';
import { LastingConnection } from '../../src/temporal/lasting-connection.ts';
import { promoteVersion, rollbackChampion } from '../../src/temporal/runs.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { readCanary } from '../../src/registry/canary.ts';
import { findTemporalCli } from '../../src/stack/temporal-cli.ts';
import { runProgram } from '../../src/stack/commands.ts';
import { reasonOf, ringwatt } from '../cli/command.ts';
import { readChampion } from '../../src/registry/champion.ts';
import { modelNames } from '../../src/registry/layout.ts';
import { stageRunner } from '../../src/stages/runner.ts';
import { withHome } from '../backtest/sample-home.ts';
import { linesOf } from '../audit/sample-audit.ts';
import { temporal, withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { NAME, registerTwo, withDoor } from './sample-door.ts';

const HEADERS = { 'content-type': 'application/json' };

async function signalByCli(address: string, name: string, input: string): Promise<void> {
  const { path } = await findTemporalCli();
  const at = ['--address', address, '--workflow-id', workflowIds.model(NAME)];
  const words = ['workflow', 'signal', ...at, '--name', name, '--input', input];
  const { code, stderr } = await runProgram(path, words, { seconds: 60 });
  assert.equal(code, 0, stderr);
}

describe('promotion, with real files, workers and server', () => {
  it('promotes, rolls back and runs canaries; what is refused changes nothing and stands in the audit', () =>
    withHome(async (context) => {
      const { home } = context;
      await registerTwo(context);
      const { address, namespace = 'default' } = await temporal();
      const place = { temporalAddress: address, temporalNamespace: namespace };
      await withWorkers(stageRunner(context), (client) =>
        withDoor(context, place, async (door) => {
          const post = async (what: string, payload: object = {}) => {
            const url = `/models/${NAME}/${what}`;
            const reply = await door.inject({ method: 'POST', url, headers: HEADERS, payload });
            const body = reply.json<LifecycleEvent & { error?: { message: string } }>();
            return [reply.statusCode, body.error?.message ?? body.kind] as const;
          };
          const by = { by: 'ada', reason: 'better' };
          assert.deepEqual(await post('rollback'), [
            409,
            'rollback: There is no earlier champion to roll back to. Promote the version that you want.',
          ]);
          assert.deepEqual(await post('promote', { version: 1, ...by }), [200, 'promoted']);
          const before = await readFile(home.path(`models/${NAME}/champion.json`), 'utf8');
          assert.deepEqual(await post('promote', { version: 1 }), [
            409,
            'promote: Version 1 is champion already.',
          ]);
          const [status, message] = await post('promote', { version: 9 });
          assert.equal(status, 404);
          assert.match(message, /has no version 9; it has 1, 2/);
          assert.equal(await readFile(home.path(`models/${NAME}/champion.json`), 'utf8'), before);

          assert.deepEqual(await post('canary', { version: 2, share: 0.5, by: 'ada' }), [
            200,
            'canary-started',
          ]);
          const shown = await door.inject(`/models/${NAME}`);
          assert.equal(shown.json<{ canary: { share: number } }>().canary.share, 0.5);
          assert.deepEqual(await post('canary/end'), [200, 'canary-ended']);
          assert.deepEqual(await post('canary/end'), [
            409,
            'endCanary: There is no canary to end. Nothing is to be done: the champion answers alone.',
          ]);

          assert.deepEqual(await post('promote', { version: 2 }), [200, 'promoted']);
          assert.deepEqual(await post('rollback', by), [200, 'rolled-back']);
          assert.equal((await readChampion({ home }, { name: NAME }))!.version, 1);
          assert.equal((await door.inject('/ready')).statusCode, 200);

          await client.workflow.getHandle(workflowIds.model(NAME)).signal(rollbackSignal, { by: 'bob' });
          const told = async () =>
            (await linesOf(home))
              .map((line) => JSON.parse(line) as AuditEntry)
              .filter(({ subject, what }) => subject === `model/${NAME}` && what !== 'signed')
              .map(({ who, what, from }) => `${what} by ${who} from ${from}`);
          await until(async () => (await told()).at(-1)?.includes('bob') === true);
          assert.deepEqual(await told(), [
            'refused by unknown from http',
            'promoted by ada from http',
            'refused by unknown from http',
            'refused by unknown from http',
            'canary-started by ada from http',
            'canary-ended by unknown from http',
            'refused by unknown from http',
            'promoted by unknown from http',
            'rolled-back by ada from http',
            'refused by bob from signal',
          ]);
          assert.equal((await verifyAudit(home)).ok, true);
        }),
      );
    }));

  it('goes the same way by the command line and by the Temporal CLI', () =>
    withHome(async (context) => {
      const { home } = context;
      await registerTwo(context);
      const { address } = await temporal();
      await withWorkers(stageRunner(context), async (client) => {
        const verb = (...words: string[]) =>
          ringwatt([...words, '--home', home.root, '--json'], { TEMPORAL_ADDRESS: address });
        const champion = async () => (await readChampion({ home }, { name: NAME }))?.version ?? null;
        const promoted = await verb('promote', NAME, '1', '--by', 'ada');
        assert.equal(promoted.code, 0, promoted.stderr);
        // Where the home may lie elsewhere nobody looks for the model first: its entity does.
        await assert.rejects(promoteVersion(client, 'absent', { version: 1 }));
        assert.deepEqual(await modelNames(home), [NAME]);
        const refused = await verb('promote', NAME, '1');
        assert.match(`${refused.code} ${reasonOf(refused)}`, /^1 promote: Version 1 is champion already/);
        assert.equal((await verb('canary', NAME, '2', '--share', '0.25')).code, 0);
        assert.equal((await readCanary({ home }, { name: NAME }))!.canary!.share, 0.25);

        await signalByCli(address, 'promote', '{"version": 2, "by": "bob"}');
        await until(async () => (await champion()) === 2);
        await until(async () => (await readCanary({ home }, { name: NAME }))!.canary === null);
        const status = () => client.workflow.getHandle(workflowIds.model(NAME)).query(lifecycleStatusQuery);
        for (const [name, input, reason] of [
          ['promote', '{"version": "one"}', /version/],
          ['promote', '{"version": 7}', /no version 7/],
          ['promote', '{"version": 2}', /champion already/],
        ] as const) {
          await signalByCli(address, name, input);
          await until(async () => reason.test((await status()).events[0]!.reason));
        }
        assert.equal(await champion(), 2);
        const shown = await verb('audit', '--who', 'bob');
        assert.match(shown.stdout, /"what":"promoted"/);
        assert.equal((await verb('rollback', NAME)).code, 0);
        assert.equal(await champion(), 1);
        const verified = await verb('audit', 'verify');
        assert.equal(verified.code, 0, verified.stdout);
      });
    }));

  it('gives up a request that no worker takes, and says so', async () => {
    const { address, client, namespace = 'default' } = await temporal();
    const lasting = new LastingConnection(() => ({ temporalAddress: address, temporalNamespace: namespace }));
    try {
      await assert.rejects(
        lasting.ask(1, (asked) => rollbackChampion(asked, 'idle', {})),
        (error: UnavailableError) =>
          error instanceof UnavailableError && /No worker has answered within 1 s/.test(error.message),
      );
    } finally {
      await lasting.close();
      await client.workflow
        .getHandle(workflowIds.model('idle'))
        .terminate('the test is over')
        .catch(() => {});
    }
  });

  it('says 503, with what to do, when the server is not there', () =>
    withHome(async (context) => {
      await registerTwo(context);
      const gone = { temporalAddress: '127.0.0.1:1', temporalNamespace: 'default' };
      const asked = {
        method: 'POST',
        url: `/models/${NAME}/rollback`,
        headers: HEADERS,
        payload: {},
      } as const;
      await withDoor(context, gone, async (door) => {
        const reply = await door.inject(asked);
        assert.equal(reply.statusCode, 503);
        assert.match(reply.body, /does not answer.*Start one with `up`/);
      });
    }));
});
