import { deepEqual, equal, rejects } from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Home } from '../../src/lake/home.ts';
import { DEFAULT_BATCHING } from '../../src/serving/batching/options.ts';
import { Turns } from '../../src/serving/batching/turns.ts';
import { WaitingBudget } from '../../src/serving/batching/waiting-budget.ts';
import { MemoryCache } from '../../src/serving/cache/memory-cache.ts';
import type { ResponseCache } from '../../src/serving/cache/response-cache.ts';
import { encodeTensors } from '../../src/serving/cache/tensor-bytes.ts';
import { Engines } from '../../src/serving/engine/engines.ts';
import { ModelManager } from '../../src/serving/models/model-manager.ts';
import type { BatchEnded, CallEnded } from '../../src/serving/observer.ts';
import { Serving } from '../../src/serving/serving.ts';
import { silentLogger } from '../../src/stages/context.ts';
import { denseModel, placeVersion } from './dense.ts';

/** Equal requests that wait for one answer. */
const MOST = 20;

describe('answers that are kept', () => {
  let place: string;
  let engines: Engines;
  let runs: BatchEnded[];
  let calls: CallEnded[];
  const observer = {
    batchEnded: (batch: BatchEnded) => void runs.push(batch),
    callEnded: (call: CallEnded) => void calls.push(call),
  };

  before(async () => {
    place = await mkdtemp(join(tmpdir(), 'ringwatt-answers-'));
    for (const version of [1, 2])
      await placeVersion(join(place, 'dense'), version, denseModel({ shift: version }));
    engines = await Engines.start(silentLogger);
  });
  after(async () => {
    await engines[Symbol.asyncDispose]();
    await rm(place, { recursive: true });
  });

  const open = async (cache: ResponseCache | undefined) => {
    runs = [];
    calls = [];
    const home = await Home.open(join(place, 'home'));
    const share = {
      options: DEFAULT_BATCHING,
      budget: new WaitingBudget(DEFAULT_BATCHING.maxWaitingBytes),
      ...{ turns: new Turns(), observer },
    };
    const manager = new ModelManager({ home, engine: engines, share, log: silentLogger });
    const traffic = { answered() {}, missed() {} };
    const serving = new Serving({
      ...{ manager, observer, cache, traffic, maxWaiting: MOST },
      reload: async () => undefined,
    });
    const source = { kind: 'folder' as const, path: join(place, 'dense') };
    await manager.start([{ name: 'dense', source, policy: { kind: 'all' } }]);
    const ask = (value: number, version = 1, signal?: AbortSignal) => {
      const x = { dtype: 'float32' as const, shape: [1, 3], data: Float32Array.of(value, value, value) };
      return serving.predict(
        { spec: { name: 'dense', version }, signature: 'serving_default', inputs: new Map([['x', x]]) },
        {
          requestId: 'r',
          door: 'rest',
          caller: { name: 'local', role: 'viewer', identity: 'claimed' },
          signal,
        },
      );
    };
    return { ask, close: () => manager[Symbol.asyncDispose]() };
  };

  it('are computed once, for who asks at once and for who asks later, by version and by input', async () => {
    const { ask, close } = await open(new MemoryCache(2 ** 20));
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(3)));
    deepEqual(
      answers.map(({ outputs }) => outputs.get('y')!.data[0]),
      [7, 7, 7, 7, 7],
    );
    deepEqual(answers.map(({ cached }) => cached).toSorted(), [false, true, true, true, true]);
    equal((await ask(3)).cached, true);
    equal(runs.length, 1);
    equal((await ask(4)).outputs.get('y')!.data[0], 9);
    equal((await ask(3, 2)).outputs.get('y')!.data[0], 8);
    equal(runs.length, 3);
    deepEqual(
      calls.filter(({ cached }) => cached).map(({ code, rows }) => [code, rows]),
      Array.from({ length: 5 }, () => ['OK', 1]),
    );
    await close();
  });

  it('are computed anew where whoever asked first has left', async () => {
    const { ask, close } = await open(new MemoryCache(2 ** 20));
    const leaving = new AbortController();
    const [left, stays] = [ask(5, 1, leaving.signal), ask(5)];
    leaving.abort();
    await rejects(left, { code: 'DEADLINE_EXCEEDED' });
    equal((await stays).outputs.get('y')!.data[0], 11);
    await close();
  });

  it('are waited for by so many at once, and no more', async () => {
    const { ask, close } = await open(new MemoryCache(2 ** 20));
    const ended = await Promise.allSettled(Array.from({ length: 100 }, () => ask(6)));
    const refused = ended.filter((each) => each.status === 'rejected').map(({ reason }) => reason);
    deepEqual(
      refused.map(({ code, retryAfter }) => [code, retryAfter]),
      Array.from({ length: 100 - 1 - MOST }, () => ['RESOURCE_EXHAUSTED', 1]),
    );
    // Whoever comes when those are answered is let in again.
    equal((await Promise.all(Array.from({ length: MOST + 1 }, () => ask(7)))).length, MOST + 1);
    equal(runs.length, 2);
    await close();
  });

  it('are asked for by one after another, as long as each leaves', async () => {
    const { ask, close } = await open(new MemoryCache(2 ** 20));
    const leaving = new AbortController();
    const asked = Array.from({ length: 5 }, () => ask(8, 1, leaving.signal));
    const stays = Array.from({ length: 5 }, () => ask(8));
    leaving.abort();
    equal((await Promise.allSettled(asked)).filter(({ status }) => status === 'fulfilled').length, 0);
    equal((await Promise.all(stays)).filter(({ cached }) => !cached).length, 1);
    equal(runs.length, 1);
    await close();
  });

  it('are computed where a cache gives back what is no answer to this, or nothing is kept', async () => {
    const [one, row] = [Float32Array.of(9, 9, 9), [1, 3]];
    const foreign: Uint8Array[] = [
      Buffer.from('rubbish'),
      encodeTensors(new Map()),
      encodeTensors(new Map([['z', { dtype: 'float32', shape: row, data: one }]])),
      encodeTensors(new Map([['y', { dtype: 'float64', shape: row, data: Float64Array.of(9, 9, 9) }]])),
      encodeTensors(new Map([['y', { dtype: 'float32', shape: [3, 1], data: one }]])),
      // An answer to two rows, where one was asked.
      encodeTensors(new Map([['y', { dtype: 'float32', shape: [2, 3], data: new Float32Array(6) }]])),
    ];
    const caches = foreign.map((bytes) => ({
      get: async () => bytes,
      set() {},
      close: async () => undefined,
    }));
    for (const cache of [...caches, undefined]) {
      const { ask, close } = await open(cache);
      for (let i = 0; i < 2; i++) equal((await ask(1)).outputs.get('y')!.data[0], 3);
      equal(runs.length, 2);
      await close();
    }
  });
});
