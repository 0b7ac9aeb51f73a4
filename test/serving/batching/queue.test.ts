import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import fc from 'fast-check';
import { DEFAULT_BATCHING } from '../../../src/serving/batching/options.ts';
import { BatchQueue, type BatchRun } from '../../../src/serving/batching/queue.ts';
import { Turns } from '../../../src/serving/batching/turns.ts';
import { WaitingBudget } from '../../../src/serving/batching/waiting-budget.ts';
import { invalidArgument } from '../../../src/serving/problem.ts';
import type { ServingTensor, TensorMap } from '../../../src/serving/tensor.ts';

const rowsOf = (rows: readonly (readonly number[])[]): TensorMap =>
  new Map<string, ServingTensor>([
    ['x', { dtype: 'float32', shape: [rows.length, rows[0]!.length], data: Float32Array.from(rows.flat()) }],
    [
      'word',
      { dtype: 'string', shape: [rows.length], data: rows.map(([first]) => Buffer.from(`w${first}`)) },
    ],
  ]);

/** Twice each number, and the words as they came. What is given is used up, as by a thread that it is handed over to. */
async function double(inputs: TensorMap): Promise<TensorMap> {
  const { shape } = inputs.get('x')!;
  const data = inputs.get('x')!.data as Float32Array<ArrayBuffer>;
  const answer: TensorMap = new Map<string, ServingTensor>([
    ['y', { dtype: 'float32', shape, data: data.map((value) => 2 * value) }],
    ['word', inputs.get('word')!],
  ]);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  return answer;
}

const plain = (outputs: TensorMap) => ({
  y: [...(outputs.get('y')!.data as Float32Array)],
  shape: outputs.get('y')!.shape,
  words: (outputs.get('word')!.data as Uint8Array[]).map((word) => Buffer.from(word).toString()),
});

describe('a queue that makes batches', () => {
  let runs: BatchRun[];
  const queueOf = (options: Partial<typeof DEFAULT_BATCHING> = {}, run = double, batchable = true) => {
    const all = { ...DEFAULT_BATCHING, ...options };
    return new BatchQueue({
      ...{ run, batchable, options: all, turns: new Turns() },
      budget: new WaitingBudget(all.maxWaitingBytes),
      onBatch: (batch) => runs.push(batch),
    });
  };
  beforeEach(() => (runs = []));

  it('answers each request with its own rows, whatever runs together', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ rows: fc.integer({ min: 1, max: 9 }), width: fc.integer({ min: 1, max: 3 }) }), {
          minLength: 1,
          maxLength: 30,
        }),
        fc.integer({ min: 1, max: 8 }),
        async (requests, maxRows) => {
          runs = [];
          const queue = queueOf({ maxRows });
          let next = 0;
          const asked = requests.map(({ rows, width }) =>
            Array.from({ length: rows }, () => Array.from({ length: width }, () => next++)),
          );
          const answers = await Promise.all(asked.map((rows) => queue.answer(rowsOf(rows))));
          for (const [i, rows] of asked.entries()) {
            deepEqual(plain(answers[i]!.outputs), {
              y: rows.flat().map((value) => 2 * value),
              shape: [rows.length, rows[0]!.length],
              words: rows.map(([first]) => `w${first}`),
            });
            equal(answers[i]!.rows, rows.length);
          }
          for (const { rows, requests: count } of runs) ok(rows <= maxRows || count === 1);
        },
      ),
      { numRuns: 60 },
    ));

  it('lets what comes at once run together, and nothing wait for company by default', async () => {
    const queue = queueOf({ maxRows: 4 });
    await Promise.all(Array.from({ length: 8 }, (_, i) => queue.answer(rowsOf([[i]]))));
    deepEqual(
      runs.map(({ rows }) => rows),
      [4, 4],
    );
  });

  it('waits for others as long as it was told, and not once a batch is full', async () => {
    const queue = queueOf({ maxRows: 2, waitMs: 60_000 });
    const first = queue.answer(rowsOf([[1]]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    deepEqual(runs, []);
    await Promise.all([first, queue.answer(rowsOf([[2]]))]);
    equal(runs.length, 1);
  });

  it('sends no second run after one that takes long: what comes meanwhile goes with the next', async () => {
    let { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const queue = queueOf({}, async (inputs) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await gate;
      return double(inputs);
    });
    open();
    await queue.answer(rowsOf([[0]]));
    ({ promise: gate, resolve: open } = Promise.withResolvers<void>());
    const first = queue.answer(rowsOf([[1]]));
    const others = [];
    for (const value of [2, 3, 4]) {
      // Each in a turn of its own, while the first is computed.
      await new Promise((resolve) => setTimeout(resolve, 5));
      others.push(queue.answer(rowsOf([[value]])));
    }
    open();
    await Promise.all([first, ...others]);
    deepEqual(
      runs.map(({ requests }) => requests),
      [1, 1, 3],
    );
  });

  it('runs each request by itself when told to', async () => {
    const queue = queueOf({ enabled: false });
    await Promise.all([1, 2, 3].map((value) => queue.answer(rowsOf([[value]]))));
    deepEqual(
      runs.map(({ requests }) => requests),
      [1, 1, 1],
    );
  });

  it('runs what cannot be batched by itself, and takes nothing from its caller', async () => {
    const queue = queueOf({}, double, false);
    const inputs = rowsOf([[7]]);
    await Promise.all([queue.answer(inputs), queue.answer(inputs)]);
    deepEqual([...(inputs.get('x')!.data as Float32Array)], [7]);
    equal(runs.length, 2);
  });

  it('lets a request that fails fail alone', async () => {
    const queue = queueOf({}, async (inputs) => {
      if ((inputs.get('x')!.data as Float32Array).includes(13)) throw invalidArgument('thirteen');
      return double(inputs);
    });
    const answers = await Promise.allSettled([12, 13, 14].map((value) => queue.answer(rowsOf([[value]]))));
    deepEqual(
      answers.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
  });

  it('answers each request from a run of its own where an output is not one row for each', async () => {
    const queue = queueOf({}, async (inputs) => {
      const sum = (inputs.get('x')!.data as Float32Array).reduce((all, value) => all + value, 0);
      return new Map<string, ServingTensor>([
        ['sum', { dtype: 'float32', shape: [1], data: Float32Array.of(sum) }],
      ]);
    });
    const answers = await Promise.all([1, 2, 3].map((value) => queue.answer(rowsOf([[value]]))));
    deepEqual(
      answers.map(({ outputs }) => [...(outputs.get('sum')!.data as Float32Array)]),
      [[1], [2], [3]],
    );
  });

  it('refuses more than may wait, by count and by bytes, and takes more once there is room', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = async (inputs: TensorMap) => {
      await promise;
      return double(inputs);
    };
    const queue = queueOf({ maxWaiting: 3, enabled: false }, slow);
    const waiting = Array.from({ length: 3 }, () => queue.answer(rowsOf([[1]])));
    await rejects(queue.answer(rowsOf([[1]])), { code: 'RESOURCE_EXHAUSTED', retryAfter: 1 });
    resolve();
    await Promise.all(waiting);
    await queue.answer(rowsOf([[1]]));

    const narrow = queueOf({ maxWaitingBytes: 64 });
    await rejects(narrow.answer(rowsOf([Array.from({ length: 16 }, () => 1)])), {
      code: 'RESOURCE_EXHAUSTED',
    });
    await narrow.answer(rowsOf([[1]]));
    await narrow.answer(rowsOf([[1]]));
  });

  it('forgets who has left', async () => {
    const queue = queueOf({ waitMs: 60_000 });
    const leaving = new AbortController();
    const left = queue.answer(rowsOf([[1]]), leaving.signal);
    leaving.abort();
    await rejects(left, { code: 'DEADLINE_EXCEEDED' });
    equal(queue.length, 0);
    await rejects(queue.answer(rowsOf([[1]]), leaving.signal), { code: 'DEADLINE_EXCEEDED' });
  });

  it('refuses rows that differ between inputs, and no rows', async () => {
    const uneven = new Map(rowsOf([[1], [2]]));
    uneven.set('word', rowsOf([[1]]).get('word')!);
    await rejects(async () => queueOf().answer(uneven), {
      code: 'INVALID_ARGUMENT',
      message: /x has 2, word has 1/,
    });
    const empty = new Map([
      ['x', { dtype: 'float32', shape: [0, 1], data: new Float32Array(0) } as ServingTensor],
    ]);
    await rejects(async () => queueOf().answer(empty), { code: 'INVALID_ARGUMENT', message: /no rows/ });
  });

  it('refuses all that wait when it is closed', async () => {
    const queue = queueOf({ waitMs: 60_000 });
    const waiting = queue.answer(rowsOf([[1]]));
    queue.close(new Error('over'));
    await rejects(waiting, /over/);
  });
});
