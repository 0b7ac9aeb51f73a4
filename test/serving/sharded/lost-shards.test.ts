import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify } from '../../../src/stack/process-identity.ts';
import { servedFromMemory } from '../../../src/serving/sharded/served-network.ts';
import { shardedServable, type ShardedServable } from '../../../src/serving/sharded/servable.ts';
import type { Batch } from '../../export/samples.ts';
import { smallNetwork } from '../../export/small-network.ts';
import { batchFor, inputsOf, requireAnswered } from './asked.ts';

const SIGNATURE = 'serving_default';
/** Sooner than the default, and late enough for a machine that has much else to do. */
const TIMING = { aliveEveryMs: 100, silenceMs: 2000 };

const gone = async (pid: number) => {
  while (identify(pid)) await sleep(10);
};

describe('shards in processes of their own', () => {
  const network = smallNetwork('plain');
  let batch: Batch;
  let servable: ShardedServable;
  before(async () => {
    batch = await batchFor(network, [24]);
    servable = await shardedServable({
      ...{ network: servedFromMemory(network), arrangement: { stages: 1, ranks: 2 } },
      ...{ timing: TIMING, waitingAtMost: 1 },
    });
  });
  after(() => servable.unload());

  const ask = (signal?: AbortSignal) => servable.run(SIGNATURE, inputsOf(batch), signal);
  const requireAnswer = async () => requireAnswered(await ask(), batch);

  it('answer again after one was killed; what it had in hand fails', async () => {
    const [first, second] = servable.pids();
    // A stopped shard has the call for sure.
    process.kill(second!, 'SIGSTOP');
    const inHand = ask();
    process.kill(second!, 'SIGKILL');
    await assert.rejects(inHand, { name: 'ServingProblem', code: 'UNAVAILABLE', retryAfter: 1 });
    await requireAnswer();
    assert.equal(servable.pids()[0], first);
    assert.notEqual(servable.pids()[1], second);
  });

  it('answer again after one hung', async () => {
    const [first, second] = servable.pids();
    process.kill(first!, 'SIGSTOP');
    await assert.rejects(ask(), { code: 'UNAVAILABLE' });
    await requireAnswer();
    assert.notEqual(servable.pids()[0], first);
    assert.equal(servable.pids()[1], second);
    await gone(first!);
  });

  it('take no more calls than may wait', async () => {
    const [pid] = servable.pids();
    process.kill(pid!, 'SIGSTOP');
    const calls = [ask(), ask(), ask()];
    await assert.rejects(calls[2]!, { code: 'RESOURCE_EXHAUSTED' });
    process.kill(pid!, 'SIGCONT');
    for (const call of calls.slice(0, 2)) requireAnswered(await call, batch);
  });

  it('drop a call that nobody waits for any more, whether it has begun or not', async () => {
    const pids = servable.pids();
    process.kill(pids[1]!, 'SIGSTOP');
    const [begun, waiting] = [new AbortController(), new AbortController()];
    const calls = [ask(begun.signal), ask(waiting.signal)];
    waiting.abort(new Error('gone'));
    await assert.rejects(calls[1]!, { message: 'gone' });
    begun.abort(new Error('late'));
    await assert.rejects(calls[0]!, { message: 'late' });
    process.kill(pids[1]!, 'SIGCONT');
    await requireAnswer();
    assert.deepEqual(servable.pids(), pids);
  });

  it('end with the process that serves', async () => {
    const script = new URL('./parent-of-shards.ts', import.meta.url).pathname;
    const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pids = line.toString().trim().split(' ').map(Number);
    assert.equal(pids.length, 2);
    parent.kill('SIGKILL');
    for (const pid of pids) await gone(pid);
  });
});
