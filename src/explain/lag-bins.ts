import type { LagBin } from '../contracts/explain.ts';

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

/** Attention by a few spans of time that have names. */
export function coarseAttention({ bins }: { bins: readonly LagBin[] }) {
  const reach = bins.at(-1)!.to;
  return SPANS.filter(({ from }) => from < reach).map(({ label, from, to }) => {
    const own = bins.filter((bin) => bin.from >= from && bin.from < to);
    const sum = (value: (bin: LagBin) => number) => own.reduce((total, bin) => total + value(bin), 0);
    const byLayer = bins[0]!.byLayer.map((_, layer) => sum((bin) => bin.byLayer[layer]!));
    return { label, share: sum(({ share }) => share), alike: sum(({ alike }) => alike), byLayer };
  });
}

/** Their bounds are bounds of ranges too. */
const SPANS = [
  { label: 'last 6 h', from: 0, to: 6 },
  { label: '6 to 24 h', from: 6, to: DAY },
  { label: 'the day before', from: DAY, to: 2 * DAY },
  { label: '2 to 7 days', from: 2 * DAY, to: WEEK },
  { label: 'second week', from: WEEK, to: 2 * WEEK },
  { label: '2 to 8 weeks', from: 2 * WEEK, to: 8 * WEEK },
  { label: 'beyond 8 weeks', from: 8 * WEEK, to: Infinity },
];
