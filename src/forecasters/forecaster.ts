import type { IssueTable } from '../day-ahead/issue-table.ts';
import type { FitThreads } from './parts/threads.ts';

/**
 * What any architecture learns from: issues whose actual hours are all known by `knownBy`. Whoever fits must not look at
 * an `actual` whose hour, with its hour of publication, ends later.
 */
export interface FitData {
  tables: readonly IssueTable[];
  /** Seconds since 1970: the moment of the fit. */
  knownBy: number;
}

export interface FitContext {
  seed: number;
  signal: AbortSignal;
  /** 0 to 1. */
  progress?: ((done: number) => void) | undefined;
  /** Fit regions side by side on these; absent: one after another on this one. Bits do not depend on it. */
  threads?: FitThreads | undefined;
}

/**
 * An architecture: the one interface of ridge, trees, the ring transformer, their ensemble and whatever comes. One
 * instance is fitted on all regions at once and answers for each.
 */
export interface Forecaster {
  readonly name: string;
  /** False of tables that another member would forecast alike; absent: suits any. */
  suits?(tables: readonly IssueTable[]): boolean;
  fit(data: FitData, context: FitContext): Promise<FittedForecaster>;
  /** What `save` wrote, checked. */
  load(bytes: Uint8Array): FittedForecaster;
}

export interface FittedForecaster {
  readonly name: string;
  /** Quantile levels it answers with: all of `QUANTILES`, or the median alone. */
  readonly levels: readonly number[];
  /**
   * Seconds: an answer follows what came of the table's earlier issues from then on, so give them too. Absent: an issue
   * is answered alike without them.
   */
  readonly followsFrom?: number;
  /**
   * N × H × levels, MW, ascending along the levels; NaN where the cell's base is NaN. Deterministic. Issues before the
   * `from`-th (default: none) are there to be followed only: what stands for them in the answer means nothing.
   */
  predict(table: IssueTable, from?: number): Promise<Float64Array>;
  /** Equal fits give equal bytes. */
  save(): Uint8Array;
}
