import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Home } from '../../../src/lake/home.ts';
import type { ServingProblem } from '../../../src/serving/problem.ts';
import { SHARDS } from '../../../src/serving/sharded/door-identity.ts';
import { servedFromMemory } from '../../../src/serving/sharded/served-network.ts';
import { openShardDoor } from '../../../src/serving/sharded/shard-door.ts';
import { shardedServable } from '../../../src/serving/sharded/servable.ts';
import type { RingTls } from '../../../src/tls/host-files.ts';
import { ringToken } from '../../../src/lake/ring-token.ts';
import { smallNetwork } from '../../export/small-network.ts';
import { testAuthority } from '../../tls/certificates.ts';
import { batchFor, inputsOf, requireAnswered } from './asked.ts';

const WORKER = new URL('../../../workers/serving-shard.ts', import.meta.url).pathname;

/** A shard’s process at a port, as on another host. */
async function startShard(home: Home, port: string): Promise<{ shard: ChildProcess; address: string }> {
  const environment = { ...process.env, RINGWATT_HOME: home.root };
  const shard = spawn(process.execPath, [WORKER, '--port', port], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(shard.stdout!)) {
    const { ready, address } = JSON.parse(line) as { ready?: boolean; address: string };
    if (ready) return { shard, address };
  }
  throw new Error('the shard did not start');
}

describe('shards on other hosts', () => {
  it('are found again at their address after one of them was away', async () => {
    const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-test-')));
    const network = smallNetwork('plain');
    const batch = await batchFor(network, [24, 7]);
    const first = await startShard(home, '0');
    const port = first.address.split(':').at(-1)!;
    const elsewhere = {
      addresses: [first.address, first.address],
      token: await ringToken(home, SHARDS),
    };
    const servable = await shardedServable({
      ...{ network: servedFromMemory(network), elsewhere },
      arrangement: { stages: 2, ranks: 1 },
    });
    const ask = () => servable.run('serving_default', inputsOf(batch));
    let second: ChildProcess | undefined;
    try {
      requireAnswered(await ask(), batch);
      first.shard.kill('SIGKILL');
      await once(first.shard, 'exit');
      // Nobody is there: those who wait are told.
      await assert.rejects(ask(), { code: 'UNAVAILABLE' });
      second = (await startShard(home, port)).shard;
      // The first of them may be told of a try to reach it that was made before.
      const answer = await ask().catch((error: ServingProblem) => {
        assert.equal(error.code, 'UNAVAILABLE');
        return ask();
      });
      requireAnswered(answer, batch);
    } finally {
      await servable.unload();
      second?.kill('SIGTERM');
      if (second) assert.deepEqual(await once(second, 'exit'), [0, null]);
      await rm(home.root, { recursive: true, force: true });
    }
  });

  it('are linked by mutual TLS, with whoever serves and with each other', async () => {
    const [authority, other] = [await testAuthority(), await testAuthority()];
    const [token, host, network] = ['known to both', '127.0.0.1', smallNetwork('plain')];
    const door = await openShardDoor(token, { host, tls: await authority.issue(host) });
    const serve = (tls: RingTls | undefined) =>
      shardedServable({
        ...{ network: servedFromMemory(network), arrangement: { stages: 1, ranks: 2 } },
        elsewhere: { addresses: [door.address, door.address], token, tls },
      });
    try {
      await assert.rejects(serve(await other.issue(host)), { name: 'BadInputError', message: /authority/ });
      await assert.rejects(serve(undefined), { name: 'RingBrokenError' });
      const batch = await batchFor(network, [24]);
      const servable = await serve(await authority.issue(host));
      requireAnswered(await servable.run('serving_default', inputsOf(batch)), batch);
      await servable.unload();
    } finally {
      door.close();
    }
  });
});
