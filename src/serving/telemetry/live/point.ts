import { LATENCY_BUCKETS } from '../instruments.ts';
import type { Totals } from './totals.ts';

/** A look at a model: rates since the look before; null where nothing came to be measured. */
export interface Point {
  /** Milliseconds since 1970. */
  at: number;
  callsPerSecond: number;
  rowsPerSecond: number;
  /** A second, by code; only what there was. */
  errorsPerSecond: Record<string, number>;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  /** Now. */
  queue: number;
  batchesPerSecond: number;
  /** Mean rows of a batch; mean of the longest waits for one. */
  batchRows: number | null;
  waitMs: number | null;
  /** Share of answers that came from the cache. */
  cacheShare: number | null;
}

export function pointOf(gained: Totals, at: number, seconds: number): Point {
  const { calls, within, rows, hits, misses, queue, batches } = gained;
  let all = 0;
  const errorsPerSecond: Record<string, number> = {};
  for (const [code, count] of calls) {
    all += count;
    if (code !== 'OK' && count > 0) errorsPerSecond[code] = count / seconds;
  }
  const ratio = (sum: number, count: number) => (count > 0 ? sum / count : null);
  const wait = ratio(gained.waitSeconds, batches);
  return {
    at,
    callsPerSecond: all / seconds,
    rowsPerSecond: rows / seconds,
    errorsPerSecond,
    p50Ms: quantileMs(within, 0.5),
    p95Ms: quantileMs(within, 0.95),
    p99Ms: quantileMs(within, 0.99),
    queue,
    batchesPerSecond: batches / seconds,
    batchRows: ratio(gained.batchRows, batches),
    waitMs: wait === null ? null : 1000 * wait,
    cacheShare: ratio(hits, hits + misses),
  };
}

/** As Prometheus' `histogram_quantile`: even within a bucket; beyond the last bound it says that bound. */
export function quantileMs(within: ArrayLike<number>, share: number): number | null {
  const count = within[LATENCY_BUCKETS.length]!;
  if (!(count > 0)) return null;
  const rank = share * count;
  const bucket = LATENCY_BUCKETS.findIndex((_, i) => within[i]! >= rank);
  if (bucket === -1) return 1000 * LATENCY_BUCKETS.at(-1)!;
  const [low, below] = bucket === 0 ? [0, 0] : [LATENCY_BUCKETS[bucket - 1]!, within[bucket - 1]!];
  const inside = within[bucket]! - below;
  return 1000 * (low + (LATENCY_BUCKETS[bucket]! - low) * (inside > 0 ? (rank - below) / inside : 1));
}
