import { ascending, eachStep } from './sorted.ts';

/** Wasserstein-1, the earth mover's distance: the area between both distribution functions, in the values' own unit. */
export function wassersteinDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [sortedA, sortedB] = [ascending(a), ascending(b)];
  let area = 0;
  eachStep(sortedA, sortedB, (i, j, value, next) => {
    if (next < Infinity) area += Math.abs(i / sortedA.length - j / sortedB.length) * (next - value);
  });
  return area;
}
