import assert from 'node:assert/strict';
import {
  backSegment,
  embed,
  mixAndThink,
  predict,
  queriesKeysValues,
  runSegment,
} from '../../src/model/segments.ts';
import type { Matrix, Segment } from '../../src/model/segments.ts';
import { joinHeads, mergeProjection, partHeads, splitProjection } from '../../src/model/heads.ts';
import { rotationOf } from '../../src/model/rotary.ts';
import { compiled, computeWith, type Compiled } from '../../src/native/compiled.ts';
import { startBackend } from '../../src/backend/backend.ts';
import { distance, kernelsOr, noise } from './kernels.ts';

const ROWS = 150;
const [WIDTH, HIDDEN, CHANNELS, HORIZON] = [24, 40, 11, 7];

const matrix = (seed: number, rows: number, columns: number): Matrix => ({
  data: noise(seed, rows * columns),
  shape: [rows, columns],
});

const INPUTS = matrix(9, ROWS, CHANNELS);
const X = matrix(1, ROWS, WIDTH);

const SEGMENTS: [name: string, segment: Segment, args: Matrix[], columns: number][] = [
  ['embed', embed(INPUTS), [matrix(2, CHANNELS, WIDTH), matrix(3, 1, WIDTH)], WIDTH],
  ['queriesKeysValues', queriesKeysValues, [X, matrix(2, 1, WIDTH), matrix(3, WIDTH, 40)], 40],
  [
    'mixAndThink',
    mixAndThink,
    [
      X,
      matrix(2, ROWS, WIDTH),
      matrix(3, WIDTH, WIDTH),
      matrix(4, 1, WIDTH),
      matrix(5, WIDTH, HIDDEN),
      matrix(6, 1, HIDDEN),
      matrix(7, HIDDEN, WIDTH),
    ],
    WIDTH,
  ],
  [
    'predict',
    predict(INPUTS),
    [X, matrix(2, 1, WIDTH), matrix(3, WIDTH, HORIZON), matrix(4, 1, HORIZON), matrix(5, CHANNELS, HORIZON)],
    HORIZON,
  ],
];

describe('compiled segments', () => {
  let own: Compiled | undefined;
  let by: Compiled;

  before(async function () {
    by = { kernels: kernelsOr(this), threads: 2 };
    await startBackend();
    own = compiled();
  });
  afterEach(() => computeWith(own));

  /** What `work` leaves with the kernels, and in tensors. */
  function both<T>(work: () => T): [native: T, tensors: T] {
    computeWith(by);
    const native = work();
    computeWith(undefined);
    return [native, work()];
  }

  for (const [name, segment, args, columns] of SEGMENTS) {
    it(`compute what ${name} says in tensors`, () => {
      const [native, tensors] = both(() => {
        const y = new Float32Array(ROWS * columns).fill(Number.NaN);
        runSegment(segment, args, y);
        return y;
      });
      assert.ok(distance(native, tensors) < 2e-6);
    });

    it(`add the gradients of ${name} to what is there, as tensors do`, () => {
      const dy = matrix(8, ROWS, columns);
      const [native, tensors] = both(() => {
        const into = args.map(({ data }, at) => noise(20 + at, data.length));
        backSegment(segment, args, dy, into);
        return into;
      });
      native.forEach((gradient, at) => assert.ok(distance(gradient, tensors[at]!) < 5e-6, `argument ${at}`));
    });
  }

  it('move rows to heads, turned by position, and back, as plain code does', () => {
    const shape = { heads: 4, kvHeads: 2, headDim: 6 };
    const positions = Int32Array.from({ length: 12 }, (_, i) => (i === 11 ? -1 : 100 * i));
    const rotation = rotationOf(positions, shape.headDim);
    const rows = noise(3, 5 * 48);
    const [native, plain] = both(() => {
      const heads = { q: noise(4, 4 * 12 * 6), k: noise(5, 2 * 12 * 6), v: noise(6, 2 * 12 * 6) };
      splitProjection(rows, 7, heads, shape, rotation);
      const merged = new Float32Array(rows.length);
      mergeProjection(merged, 6, heads, shape, rotation);
      const joined = new Float32Array(3 * 24);
      joinHeads(joined, 2, heads.q, shape);
      const parted = noise(7, heads.q.length);
      partHeads(joined, 9, parted, shape);
      return [heads.q, heads.k, heads.v, merged, joined, parted];
    });
    native.forEach((values, at) => assert.ok(distance(values, plain[at]!) < 1e-6, `array ${at}`));
  });

  it('have the same bits on one thread and on three', () => {
    const [, segment, args] = SEGMENTS[2]!;
    const [alone, three] = [1, 3].map((threads) => {
      computeWith({ ...by, threads });
      const into = args.map(({ data }) => new Float32Array(data.length));
      backSegment(segment, args, matrix(8, ROWS, WIDTH), into);
      return into;
    });
    assert.deepEqual(alone, three);
  });
});
