import type { Kernels } from '../../src/native/kernels.ts';
import { noise } from './kernels.ts';

/** What a function of the addon takes, loosely enough to be put wrong. */
export type LooseCall = Record<string, unknown>;

/** Five queries and three keys, two heads over one. */
export function attentionCall(
  kernels: Pick<Kernels, 'ticket' | 'variants'>,
  way: 'forward' | 'backward',
): LooseCall {
  const [queries, keys, headDim] = [5, 3, 8];
  const rows = () => noise(1, 2 * queries * headDim);
  const line = () => new Float32Array(2 * queries);
  const own =
    way === 'forward'
      ? { out: rows(), max: line().fill(-1e20), sum: line() }
      : {
          dOut: rows(),
          lse: line(),
          delta: line(),
          dq: rows(),
          dk: rows().slice(0, 24),
          dv: rows().slice(0, 24),
        };
  return {
    ticket: kernels.ticket(),
    variant: kernels.variants[0],
    threads: 1,
    precision: 'float32',
    heads: 2,
    kvHeads: 1,
    headDim,
    causal: true,
    window: undefined,
    q: rows(),
    queryPositions: Int32Array.of(0, 1, 2, 3, -1),
    k: noise(2, keys * headDim),
    v: noise(3, keys * headDim),
    keyPositions: Int32Array.of(0, 1, 2),
    ...own,
  };
}

const arrays = (sizes: Record<string, number>) =>
  Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, noise(4, size)]));

const doubles = (sizes: Record<string, number>) =>
  Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, Float64Array.from(noise(5, size))]));

const WEIGHTS = { out: 9, gain: 3, inward: 12, bias: 4, outward: 12 };
const MOVE = { rows: 2, columns: 12, at: 4, first: 1, tokens: 4, heads: 2, headDim: 4, threads: 1 };
const MOVED = { matrix: 24, byHead: 32, cos: 8, sin: 8 };

/** All functions that end at once. */
export const denseCalls: [keyof Kernels, () => LooseCall][] = [
  [
    'product',
    () => ({
      ...arrays({ a: 6, b: 12, out: 8 }),
      ...{ rows: 2, inner: 3, columns: 4, transposeA: false, transposeB: true, accumulate: true, threads: 2 },
    }),
  ],
  [
    'embedForward',
    () => ({ ...arrays({ inputs: 6, weights: 12, region: 4, y: 8 }), channels: 3, threads: 1 }),
  ],
  [
    'embedBackward',
    () => ({ ...arrays({ inputs: 6, dy: 8, dweights: 12, dregion: 4 }), channels: 3, threads: 2 }),
  ],
  ['projectForward', () => ({ ...arrays({ x: 6, gain: 3, weights: 12, y: 8 }), threads: 1 })],
  [
    'projectBackward',
    () => ({ ...arrays({ x: 6, gain: 3, weights: 12, dy: 8, dx: 6, dgain: 3, dweights: 12 }), threads: 2 }),
  ],
  ['thinkForward', () => ({ ...arrays({ x: 6, attended: 6, ...WEIGHTS, y: 6 }), threads: 1 })],
  [
    'thinkBackward',
    () => ({
      ...arrays({ x: 6, attended: 6, ...WEIGHTS, dy: 6, dx: 6, dattended: 6 }),
      ...arrays(Object.fromEntries(Object.entries(WEIGHTS).map(([name, size]) => [`d${name}`, size]))),
      threads: 1,
    }),
  ],
  [
    'predictForward',
    () => ({
      ...arrays({ x: 6, gain: 3, out: 12, region: 4, inputs: 10, direct: 20, y: 8 }),
      channels: 5,
      threads: 1,
    }),
  ],
  ['toHeadRows', () => ({ ...arrays(MOVED), ...MOVE })],
  ['fromHeadRows', () => ({ ...arrays(MOVED), ...MOVE })],
  ['normalEquations', () => ({ ...doubles({ x: 10, y: 5, weights: 5, gram: 4, moment: 2 }), width: 2 })],
  ['solvePositive', () => doubles({ a: 9, b: 3, x: 3 })],
  ['crc32', () => ({ bytes: new Uint8Array(9), value: 7 })],
];
