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
export function mapeOf(ratios: Ratios, weights: ArrayLike<number>): number {
  const count = ratios[0]!.length;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    let residual = -1;
    for (let m = 0; m < ratios.length; m++) residual += weights[m]! * ratios[m]![i]!;
    sum += Math.abs(residual);
  }
  return sum / count;
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
  const starts = [
    ...ratios.map((_, m) => Float64Array.from(ratios, (_other, j) => Number(j === m))),
    new Float64Array(members).fill(1 / members),
  ];
  const ends = starts.map((start) => descend(ratios, start, random));
  const errors = ends.map((weights) => mapeOf(ratios, weights));
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
    const others = ratios.map((own) => Float64Array.from([...own.subarray(0, from), ...own.subarray(to)]));
    const held = ratios.map((own) => own.subarray(from, to));
    sum += (to - from) * mapeOf(held, fitWeights(others, seed));
  }
  return sum / count;
}

function descend(ratios: Ratios, start: Float64Array, random: () => number): Float64Array {
  const members = ratios.length;
  let weights = start;
  let error = mapeOf(ratios, weights);
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
      const next = along(ratios, weights, direction);
      const reached = mapeOf(ratios, next);
      if (reached < error) [weights, error] = [next, reached];
    }
    if (before - error < LEAST_GAIN) break;
  }
  return weights;
}

/** The best point of the simplex on a line through `weights`. */
function along(ratios: Ratios, weights: Float64Array, direction: Float64Array): Float64Array {
  const count = ratios[0]!.length;
  let low = -Infinity;
  let high = Infinity;
  direction.forEach((d, m) => {
    if (d > 0) low = Math.max(low, -weights[m]! / d);
    if (d < 0) high = Math.min(high, -weights[m]! / d);
  });
  const zeros = new Float64Array(count);
  const slopes = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let residual = -1;
    let slope = 0;
    for (let m = 0; m < ratios.length; m++) {
      residual += weights[m]! * ratios[m]![i]!;
      slope += direction[m]! * ratios[m]![i]!;
    }
    slopes[i] = Math.abs(slope);
    zeros[i] = slope === 0 ? 0 : -residual / slope;
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
