/** Lanczos' approximation with g = 7 and 9 terms: 15 digits for x > 0. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

export function logGamma(x: number): number {
  const t = x + 6.5;
  const series = LANCZOS.reduce((sum, term, i) => sum + (i === 0 ? term : term / (x - 1 + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}

const MOST_TERMS = 10_000;
const PRECISION = 1e-16;
const TINY = 1e-300;

/** The chance that a chi-square of `freedom` degrees of freedom exceeds `x`: Q(freedom / 2, x / 2). */
export function chiSquareTail(x: number, freedom: number): number {
  if (x <= 0 || freedom <= 0) return 1;
  const [a, half] = [freedom / 2, x / 2];
  const front = Math.exp(a * Math.log(half) - half - logGamma(a));
  return half < a + 1 ? 1 - front * lowerSeries(a, half) : front * upperFraction(a, half);
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < MOST_TERMS && term > sum * PRECISION; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/** By Lentz's method. */
function upperFraction(a: number, x: number): number {
  const kept = (value: number) => (Math.abs(value) < TINY ? TINY : value);
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / kept(b);
  let fraction = d;
  for (let n = 1; n < MOST_TERMS; n++) {
    const term = -n * (n - a);
    b += 2;
    d = 1 / kept(term * d + b);
    c = kept(b + term / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return fraction;
}
