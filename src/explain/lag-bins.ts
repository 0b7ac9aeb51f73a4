const DAY = 24;
const WEEK = 7 * DAY;
const MONTH = 30 * DAY;

/** Hours back, `to` excluded; 0 is the newest known hour. */
export interface LagRange {
  from: number;
  to: number;
}

/** Hour by hour for a day, by day to two weeks, by week to eight, by month beyond, as far as `reach` goes. */
export function lagRanges(reach: number): LagRange[] {
  const bounds = [0];
  while (bounds.at(-1)! < reach) {
    const from = bounds.at(-1)!;
    const step = from < DAY ? 1 : from < 2 * WEEK ? DAY : from < 8 * WEEK ? WEEK : MONTH;
    bounds.push(Math.min(from + step, reach));
  }
  return bounds.slice(1).map((to, i) => ({ from: bounds[i]!, to }));
}

/** The number of the range that each lag up to `reach` lies in. */
export function rangeOfLag(ranges: readonly LagRange[]): Int32Array {
  const found = new Int32Array(ranges.at(-1)?.to ?? 0);
  ranges.forEach(({ from, to }, bin) => found.fill(bin, from, to));
  return found;
}
