import * as fc from 'fast-check';
import { gaussians, randomOf } from '../../src/model/random.ts';
import type { RingLayout } from '../../src/sequences/ring-layout.ts';
import { largestScore, type Operands, type Shape } from './full-attention.ts';

export interface Case extends Shape {
  worldSize: number;
  layout: RingLayout;
  /** The largest score, either way. */
  scores: number;
}

export const WORLD_SIZES = [1, 2, 3, 4, 8];
export const LAYOUTS: RingLayout[] = ['contiguous', 'zigzag', 'striped'];

/** Heads of all sizes, lengths that are multiples of nothing, and longer than an engine's tiles are wide. */
const SHAPES: Omit<Shape, 'causal'>[] = [
  { heads: 2, kvHeads: 2, headDim: 8, tokens: 149 },
  { heads: 4, kvHeads: 2, headDim: 16, tokens: 61 },
  { heads: 3, kvHeads: 1, headDim: 24, tokens: 97, window: 30 },
  { heads: 1, kvHeads: 1, headDim: 128, tokens: 53 },
  { heads: 6, kvHeads: 3, headDim: 33, tokens: 47, window: 7 },
  { heads: 2, kvHeads: 1, headDim: 64, tokens: 83 },
  { heads: 2, kvHeads: 2, headDim: 9, tokens: 211, window: 64 },
  { heads: 1, kvHeads: 1, headDim: 12, tokens: 331 },
  { heads: 2, kvHeads: 2, headDim: 48, tokens: 71, window: 1 },
  { heads: 4, kvHeads: 4, headDim: 80, tokens: 5 },
  { heads: 2, kvHeads: 2, headDim: 32, tokens: 1, window: 3 },
];

/** Every ring size with every layout, causal and not; the shapes take turns, so that each meets several rings. */
export const COVERING: Case[] = [true, false].flatMap((causal, a) =>
  WORLD_SIZES.flatMap((worldSize, b) =>
    LAYOUTS.map((layout, c) => ({
      ...SHAPES[(15 * a + 3 * b + c) % SHAPES.length]!,
      causal,
      worldSize,
      layout,
      scores: 30,
    })),
  ),
);

export const anyCase: fc.Arbitrary<Case> = fc
  .record({
    kvHeads: fc.integer({ min: 1, max: 3 }),
    group: fc.integer({ min: 1, max: 3 }),
    headDim: fc.integer({ min: 8, max: 128 }),
    tokens: fc.integer({ min: 1, max: 90 }),
    causal: fc.boolean(),
    window: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
    worldSize: fc.constantFrom(...WORLD_SIZES),
    layout: fc.constantFrom(...LAYOUTS),
    scores: fc.integer({ min: 1, max: 30 }),
  })
  .map(({ group, ...rest }) => ({ ...rest, heads: group * rest.kvHeads }));

export function nameOf({ heads, kvHeads, headDim, tokens, worldSize, layout, causal, window }: Case): string {
  const shape = `${tokens} tokens, ${heads}/${kvHeads} heads of ${headDim}`;
  const sight = `${causal ? 'causal' : 'not causal'}${window === undefined ? '' : `, window ${window}`}`;
  return `${worldSize} ranks, ${layout}, ${sight}, ${shape}`;
}

/** Normal deviates, the queries scaled so that the largest score is the one asked for: far apart, a missing rescale shows. */
export function operandsOf(shape: Shape & { scores: number }): Operands {
  const { heads, kvHeads, headDim, tokens, scores } = shape;
  const random = randomOf('parity', heads, kvHeads, headDim, tokens);
  const fresh = (count: number) => gaussians(random, count * tokens * headDim, 1);
  const operands = { q: fresh(heads), k: fresh(kvHeads), v: fresh(kvHeads), dOut: fresh(heads) };
  const factor = scores / largestScore(operands, shape);
  return { ...operands, q: operands.q.map((value) => value * factor) };
}

/**
 * ±50 in heads of 16: every product and sum of them, and its quarter, is exact in float32 in any order, so that scores
 * of up to ±10,000 are the same numbers in both precisions. Many of them are equal, so that rows are not all one-hot.
 */
export function exactOperands({ heads, kvHeads, tokens }: Shape): Operands {
  const random = randomOf('parity, exact');
  const signs = (count: number) =>
    Float32Array.from({ length: count * tokens * 16 }, () => (random() < 0.5 ? -50 : 50));
  const [q, k] = [signs(heads), signs(kvHeads)];
  // The first query's own pattern, and its opposite: 16 · 50² / √16 = ±10,000.
  k.set(q.subarray(0, 16));
  q.set(
    q.subarray(0, 16).map((value) => -value),
    16 * (tokens - 1),
  );
  return {
    q,
    k,
    v: gaussians(random, kvHeads * tokens * 16, 1),
    dOut: gaussians(random, heads * tokens * 16, 1),
  };
}
