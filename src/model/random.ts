import { createHash } from 'node:crypto';

/** Uniform in [0, 1). */
export type Random = () => number;

/** A generator whose numbers are a pure function of `keys`: sfc32 (Doty-Humphrey, PractRand) seeded by SHA-256. */
export function randomOf(...keys: (string | number)[]): Random {
  const digest = createHash('sha256').update(JSON.stringify(keys)).digest();
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => digest.readUInt32LE(at)) as [number, number, number, number];
  return () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}

/** Normal numbers by Box and Muller. */
export function gaussians(random: Random, count: number, deviation: number): Float32Array {
  return Float32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return deviation * radius * Math.cos(2 * Math.PI * random());
  });
}

/** 0 … count−1 in an order that `random` decides (Fisher–Yates). */
export function permutation(random: Random, count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
