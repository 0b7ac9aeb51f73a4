import type { IssueHeadConfig } from '../model/issue-parameters.ts';
import type { IssueMasks } from '../model/issue-head.ts';

/** Shares of an issue that are left out at a time. */
export interface Dropout {
  state: number;
  features: number;
  hidden: number;
}

/**
 * The state remembers days, so most of it is left out; what is known of a target hour is little and needed, and a hidden
 * unit lies between the two.
 */
export const dropoutOf = (state: number): Dropout => ({ state, features: 0.2 * state, hidden: 0.6 * state });

type MaskSizes = Pick<IssueHeadConfig, 'columns' | 'dayColumns' | 'hidden'>;

/**
 * Masks of some issues of the run's n-th sequence. Those of an issue are a function of seed, n and where in the sequence
 * it stands, so that they are the same on whichever rank, in rings of any size, and after a restart.
 */
export function dropoutMasks(
  { state, features, hidden }: Dropout,
  { seed, sequence }: { seed: number; sequence: number },
  positions: Int32Array,
  { columns, dayColumns, hidden: units }: MaskSizes,
  width: number,
): IssueMasks {
  const issues = positions.length;
  const day = dayColumns.length;
  const masks = {
    day: new Float32Array(issues * day),
    state: new Float32Array(issues * width),
    features: new Float32Array(issues * columns.length),
    hidden: new Float32Array(issues * units),
  };
  positions.forEach((position, m) => {
    const next = numbersFrom(mixed(mixed(mixed(0, seed), sequence), position));
    fill(masks.state.subarray(m * width, (m + 1) * width), state, next);
    fill(masks.features.subarray(m * columns.length, (m + 1) * columns.length), features, next);
    fill(masks.day.subarray(m * day, (m + 1) * day), features, next);
    fill(masks.hidden.subarray(m * units, (m + 1) * units), hidden, next);
  });
  return masks;
}

/** What stays is worth so much more that the sum stays the same on average. */
function fill(mask: Float32Array, share: number, next: () => number): void {
  for (let i = 0; i < mask.length; i++) mask[i] = next() < share ? 0 : 1 / (1 - share);
}

/** Folds a number into a hash (the finaliser of MurmurHash3, Appleby). */
function mixed(hash: number, value: number): number {
  let h = (Math.imul(hash, 31) + value + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Uniform in [0, 1): one after another mixed from a counter (as SplitMix, Steele et al. 2014). */
function numbersFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return (mixed(0, state) >>> 0) / 2 ** 32;
  };
}
