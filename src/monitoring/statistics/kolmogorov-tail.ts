import { logGamma } from './gamma.ts';

/** Above this n·x² paths that cross both lines are rarer than float64 sees. */
const ONE_SIDED = 2.2;

/**
 * The chance that n values of a distribution lie at least x from it (Kolmogorov, two-sided), for large n: twice the
 * one-sided chance in the tail, elsewhere the expansion of Pelz & Good (1976) as Simard & L'Ecuyer give it (Computing the
 * two-sided Kolmogorov–Smirnov distribution, 2011).
 */
export function kolmogorovTail(n: number, x: number): number {
  if (x <= 0) return 1;
  if (x >= 1) return 0;
  return clamped(n * x * x >= ONE_SIDED ? 2 * oneSided(n, x) : 1 - pelzGood(n, x));
}

/** Birnbaum & Tingey (1951): x Σ C(n, j) (x + j/n)^(j−1) (1 − x − j/n)^(n−j), from logarithms. */
function oneSided(n: number, x: number): number {
  let sum = 0;
  const all = logGamma(n + 1);
  for (let j = 0; j <= Math.floor(n * (1 - x)); j++) {
    const rest = 1 - x - j / n;
    if (rest <= 0) continue;
    const ways = all - logGamma(j + 1) - logGamma(n - j + 1);
    sum += Math.exp(ways + (j - 1) * Math.log(x + j / n) + (n - j) * Math.log(rest));
  }
  return x * sum;
}

/** Terms beyond are below 1e-16 for every z that is asked for. */
const TERMS = 20;

function pelzGood(n: number, x: number): number {
  const z = Math.sqrt(n) * x;
  const pi2 = Math.PI ** 2;
  const scale = Math.sqrt(2 * Math.PI);
  const decay = (h2: number) => Math.exp((-pi2 * h2) / (2 * z ** 2));
  let [k0, k1, k2, k3, whole2, whole3] = [0, 0, 0, 0, 0, 0];
  for (let k = 0; k < TERMS; k++) {
    const h2 = (k + 0.5) ** 2;
    const q = decay(h2);
    const [a, b, c] = [pi2 * h2, (pi2 * h2) ** 2, (pi2 * h2) ** 3];
    k0 += q;
    k1 += q * (a - z ** 2);
    k2 += q * (6 * z ** 6 + 2 * z ** 4 + a * (2 * z ** 4 - 5 * z ** 2) + b * (1 - 2 * z ** 2));
    k3 +=
      q *
      (-30 * z ** 6 -
        90 * z ** 8 +
        a * (135 * z ** 4 - 96 * z ** 6) +
        b * (212 * z ** 4 - 60 * z ** 2) +
        c * (5 - 30 * z ** 2));
    const w2 = k ** 2;
    whole2 += decay(w2) * w2;
    whole3 += decay(w2) * w2 * (3 * z ** 2 - pi2 * w2);
  }
  return (
    scale *
    (k0 / z +
      k1 / (6 * z ** 4) / n ** 0.5 +
      (k2 / (72 * z ** 7) - (pi2 * whole2) / (36 * z ** 3)) / n +
      (k3 / (6480 * z ** 10) + (pi2 * whole3) / (216 * z ** 6)) / n ** 1.5)
  );
}

const clamped = (p: number) => Math.min(1, Math.max(0, p));
