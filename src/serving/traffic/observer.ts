import type { ABAccount } from '../../contracts/ab-test.ts';
import type { Dealt } from './deal.ts';
import type { Wanted } from './state.ts';

/** What a candidate's answer was held against the champion's by. */
export interface Difference {
  output: string;
  /** The greatest difference of two elements; of texts and truth values, how many differ. */
  absolute: number;
  /** That over the champion's greatest element; of texts and truth values, their share. */
  relative: number;
}

/** A request that a candidate was shown. */
export interface ShadowCompared {
  model: string;
  champion: number;
  candidate: number;
  signature: string;
  differences: readonly Difference[];
  /** Outputs that one of them lacks, or that have another type or shape. */
  mismatched: readonly string[];
  seconds: number;
  championSeconds: number;
}

/** Too many waited; the journal takes no more; the request's id is none that an outcome could be told by. */
export type ExposureLoss = 'waiting' | 'full' | 'unnamed';
export type ShadowDrop = 'full' | 'late';

/** Told of what traffic does; may not throw and must be quick. */
export interface TrafficObserver {
  /** Who has answered a call that named no version. */
  dealt?(dealt: Dealt): void;
  /** The champion answered for one that is not loaded. */
  fellBack?(missing: Wanted): void;
  /** Exposures that came into the journal, or did not. */
  exposuresKept?(test: string, count: number): void;
  exposuresLost?(test: string, count: number, why: ExposureLoss): void;
  outcomesTaken?(test: string, account: ABAccount): void;
  shadowCompared?(compared: ShadowCompared): void;
  shadowFailed?(failed: { model: string; candidate: number; code: string }): void;
  shadowDropped?(dropped: { model: string; candidate: number; why: ShadowDrop }): void;
}
