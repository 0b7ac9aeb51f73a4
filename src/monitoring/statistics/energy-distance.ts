import { randomOf, type Random } from '../../model/random.ts';

export interface EnergyTest {
  /** 2 E|X−Y| − E|X−X′| − E|Y−Y′|: 0 of equal distributions. */
  statistic: number;
  /** The statistic over 2 E|X−Y|: 0 to 1. */
  coefficient: number;
  /** Share of permutations at least as far, itself among them: never below 1 / (permutations + 1). */
  p: number;
  /** How many were made. */
  permutations: number;
}

export interface EnergyOptions {
  permutations?: number;
  seed?: number | string;
}

/** So many permutations as far are enough to know that nothing is rare. */
const ENOUGH = 10;

/**
 * Energy test of two samples in several dimensions at once (Székely & Rizzo, Testing for equal distributions in high
 * dimension, 2004): sees what no column shows alone, such as a correlation that has turned. Rows are points, in units
 * that make the columns comparable. Distances are computed once, and a seeded permutation sums only those within the
 * smaller sample; permuting ends early where it has shown enough (Besag & Clifford, Sequential Monte Carlo p-values, 1991).
 */
export function energyTest(
  a: readonly ArrayLike<number>[],
  b: readonly ArrayLike<number>[],
  { permutations = 999, seed = 0 }: EnergyOptions = {},
): EnergyTest {
  const [large, small] = a.length >= b.length ? [a, b] : [b, a];
  const [n, m] = [large.length, small.length];
  const distances = distancesOf([...large, ...small]);
  const order = Int32Array.from({ length: n + m }, (_, i) => n + m - 1 - i);
  const first = energyOf(distances, order.subarray(0, m));
  const random = randomOf('energy', seed);
  let [asFar, made] = [0, 0];
  while (made < permutations && asFar < ENOUGH) {
    made += 1;
    chooseFirst(order, m, random);
    // The same points in another order sum to other last bits.
    if (energyOf(distances, order.subarray(0, m)).statistic >= first.statistic * (1 - 1e-12)) asFar += 1;
  }
  const p = asFar < ENOUGH ? (asFar + 1) / (made + 1) : asFar / made;
  return { ...first, p, permutations: made };
}

/** The same distance without a test: of samples that no permutation may mix, such as days that follow on one another. */
export function energyDistance(
  a: readonly ArrayLike<number>[],
  b: readonly ArrayLike<number>[],
): Pick<EnergyTest, 'statistic' | 'coefficient'> {
  return energyOf(
    distancesOf([...a, ...b]),
    Int32Array.from(b, (_, i) => a.length + i),
  );
}

/** Any `count` of the order to its front (Fisher–Yates, as far as it is needed). */
function chooseFirst(order: Int32Array, count: number, random: Random): void {
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random() * (order.length - i));
    const value = order[i]!;
    order[i] = order[j]!;
    order[j] = value;
  }
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
function energyOf({ count, between, sums, total }: Distances, chosen: Int32Array) {
  let within = 0;
  let toAll = 0;
  for (let a = 0; a < chosen.length; a++) {
    const row = chosen[a]! * count;
    toAll += sums[chosen[a]!]!;
    for (let b = 0; b < a; b++) within += 2 * between[row + chosen[b]!]!;
  }
  const across = toAll - within;
  const others = total - within - 2 * across;
  const m = chosen.length;
  const n = count - m;
  const statistic = (2 * across) / (n * m) - within / m ** 2 - others / n ** 2;
  return { statistic, coefficient: across === 0 ? 0 : statistic / ((2 * across) / (n * m)) };
}
