import { weightedMedian } from './weighted-median.ts';

/** Rounds over all pairs and some random directions; it has always ended by itself long before. */
const MOST_ROUNDS = 60;
const RANDOM_DIRECTIONS = 24;
const LEAST_GAIN = 1e-9;
/** Of a validation year: each about a season. */
const STRETCHES = 4;

/** One hour's forecasts as shares of what came: ratios[m][i] = forecast of member m / actual. */
export type Ratios = readonly Float64Array[];

/** Mean absolute percentage error of the weighted members, as a share. */
export function mapeOf(
  ratios: Ratios,
  weights: ArrayLike<number>,
  residuals: Float64Array = new Float64Array(ratios[0]!.length),
): number {
  addWeighted(residuals.fill(-1), ratios, weights);
  let sum = 0;
  for (let i = 0; i < residuals.length; i++) sum += Math.abs(residuals[i]!);
  return sum / residuals.length;
}

/** Member by member: an hour's sum is added up in their order, and each loop runs over two arrays alone. */
function addWeighted(sums: Float64Array, ratios: Ratios, weights: ArrayLike<number>): void {
  for (let m = 0; m < ratios.length; m++) {
    const [own, weight] = [ratios[m]!, weights[m]!];
    for (let i = 0; i < sums.length; i++) sums[i]! += weight * own[i]!;
  }
}

/** Memory of one fit, for an array an hour each: thousands of line searches need them. */
interface Scratch {
  residuals: Float64Array;
  slopes: Float64Array;
}

/**
 * Weights ≥ 0 with sum 1 that minimise MAPE. The error is convex and piecewise linear along any direction, so each
 * line search is exact (a weighted median); directions are all pairs of members and, because kinks can stop those,
 * seeded random ones. Starts from every single member and from equal shares, so it is never worse than the best of them.
 */
export function fitWeights(ratios: Ratios, seed: number): Float64Array {
  const members = ratios.length;
  if (ratios[0]!.length === 0) return new Float64Array(members).fill(1 / members);
  const random = generator(seed);
  const [residuals, slopes] = [new Float64Array(ratios[0]!.length), new Float64Array(ratios[0]!.length)];
  const starts = [
    ...ratios.map((_, m) => Float64Array.from(ratios, (_other, j) => Number(j === m))),
    new Float64Array(members).fill(1 / members),
  ];
  const ends = starts.map((start) => descend(ratios, start, random, { residuals, slopes }));
  const errors = ends.map((weights) => mapeOf(ratios, weights, residuals));
  return ends[errors.indexOf(Math.min(...errors))]!;
}

/**
 * What weights that are fitted elsewhere err: each stretch of the hours by weights of all the others. On the hours that
 * they were fitted on weights err too little to be held against a rule that looks at the past alone.
 */
export function crossFittedMape(ratios: Ratios, seed: number): number {
  const count = ratios[0]!.length;
  const stretches = Math.max(1, Math.min(STRETCHES, count));
  let sum = 0;
  for (let s = 0; s < stretches; s++) {
    const [from, to] = [Math.floor((s * count) / stretches), Math.floor(((s + 1) * count) / stretches)];
    const others = ratios.map((own) => without(own, from, to));
    const held = ratios.map((own) => own.subarray(from, to));
    sum += (to - from) * mapeOf(held, fitWeights(others, seed));
  }
  return sum / count;
}

function without(values: Float64Array, from: number, to: number): Float64Array {
  const rest = new Float64Array(values.length - (to - from));
  rest.set(values.subarray(0, from));
  rest.set(values.subarray(to), from);
  return rest;
}

function descend(ratios: Ratios, start: Float64Array, random: () => number, scratch: Scratch): Float64Array {
  const members = ratios.length;
  let weights = start;
  let error = mapeOf(ratios, weights, scratch.residuals);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = error;
    const directions: Float64Array[] = [];
    for (let i = 0; i < members; i++) {
      for (let j = 0; j < i; j++) {
        directions.push(Float64Array.from(ratios, (_, m) => (m === i ? 1 : m === j ? -1 : 0)));
      }
    }
    for (let i = 0; i < (members > 2 ? RANDOM_DIRECTIONS : 0); i++) {
      const raw = Float64Array.from(ratios, () => random() - 0.5);
      const mean = raw.reduce((a, b) => a + b, 0) / members;
      directions.push(raw.map((value) => value - mean));
    }
    for (const direction of directions) {
      const next = along(ratios, weights, direction, scratch);
      const reached = mapeOf(ratios, next, scratch.residuals);
      if (reached < error) [weights, error] = [next, reached];
    }
    if (before - error < LEAST_GAIN) break;
  }
  return weights;
}

/** The best point of the simplex on a line through `weights`. */
function along(
  ratios: Ratios,
  weights: Float64Array,
  direction: Float64Array,
  { residuals, slopes }: Scratch,
): Float64Array {
  let low = -Infinity;
  let high = Infinity;
  direction.forEach((d, m) => {
    if (d > 0) low = Math.max(low, -weights[m]! / d);
    if (d < 0) high = Math.min(high, -weights[m]! / d);
  });
  addWeighted(residuals.fill(-1), ratios, weights);
  addWeighted(slopes.fill(0), ratios, direction);
  const zeros = residuals;
  for (let i = 0; i < slopes.length; i++) {
    const slope = slopes[i]!;
    zeros[i] = slope === 0 ? 0 : -residuals[i]! / slope;
    slopes[i] = Math.abs(slope);
  }
  const step = Math.min(high, Math.max(low, weightedMedian(zeros, slopes)));
  const moved = weights.map((weight, m) => Math.max(0, weight + step * direction[m]!));
  const sum = moved.reduce((a, b) => a + b, 0);
  return moved.map((weight) => weight / sum);
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
