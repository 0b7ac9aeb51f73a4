import { permutation, randomOf } from '../../model/random.ts';

export interface EnergyTest {
  /** 2 E|X−Y| − E|X−X′| − E|Y−Y′|: 0 of equal distributions. */
  statistic: number;
  /** The statistic over 2 E|X−Y|: 0 to 1. */
  coefficient: number;
  /** Share of permutations at least as far, itself among them: never below 1 / (permutations + 1). */
  p: number;
}

export interface EnergyOptions {
  permutations?: number;
  seed?: number | string;
}

/**
 * Energy test of two samples in several dimensions at once (Székely & Rizzo, Testing for equal distributions in high
 * dimension, 2004): sees what no column shows alone, such as a correlation that has turned. Rows are points, in units
 * that make the columns comparable. Seeded permutations; distances are computed once, and a permutation sums only those
 * within the smaller sample.
 */
export function energyTest(
  a: readonly ArrayLike<number>[],
  b: readonly ArrayLike<number>[],
  { permutations = 999, seed = 0 }: EnergyOptions = {},
): EnergyTest {
  const [large, small] = a.length >= b.length ? [a, b] : [b, a];
  const [n, m] = [large.length, small.length];
  const distances = distancesOf([...large, ...small]);
  const first = energyOf(
    distances,
    Array.from({ length: m }, (_, i) => n + i),
  );
  const random = randomOf('energy', seed);
  let asFar = 1;
  for (let k = 0; k < permutations; k++) {
    const chosen = permutation(random, n + m).slice(0, m);
    // The same points in another order sum to other last bits.
    if (energyOf(distances, chosen).statistic >= first.statistic * (1 - 1e-12)) asFar += 1;
  }
  return { ...first, p: asFar / (permutations + 1) };
}

interface Distances {
  count: number;
  /** Row-major, count × count. */
  between: Float64Array;
  /** From each point to all. */
  sums: Float64Array;
  total: number;
}

function distancesOf(points: readonly ArrayLike<number>[]): Distances {
  const count = points.length;
  const width = points[0]!.length;
  const flat = Float64Array.from(
    { length: count * width },
    (_, k) => points[Math.floor(k / width)]![k % width]!,
  );
  const between = new Float64Array(count * count);
  const sums = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      let squares = 0;
      for (let k = 0; k < width; k++) squares += (flat[i * width + k]! - flat[j * width + k]!) ** 2;
      const distance = Math.sqrt(squares);
      between[i * count + j] = distance;
      between[j * count + i] = distance;
      sums[i]! += distance;
      sums[j]! += distance;
    }
  }
  return { count, between, sums, total: sums.reduce((sum, one) => sum + one, 0) };
}

/** The statistic when `chosen` are one sample and all others the other. */
function energyOf({ count, between, sums, total }: Distances, chosen: readonly number[]) {
  let within = 0;
  let toAll = 0;
  for (const i of chosen) {
    toAll += sums[i]!;
    const row = i * count;
    for (const j of chosen) within += between[row + j]!;
  }
  const m = chosen.length;
  const n = count - m;
  const across = toAll - within;
  const others = total - within - 2 * across;
  const statistic = (2 * across) / (n * m) - within / m ** 2 - others / n ** 2;
  return { statistic, coefficient: across === 0 ? 0 : statistic / ((2 * across) / (n * m)) };
}
