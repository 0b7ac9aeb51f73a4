import type { SearchRung } from '../contracts/search.ts';

export interface HalvingOptions {
  /** Configurations that begin. */
  trials: number;
  /** One in so many goes on. */
  eta: number;
  /** Of the whole resource, what the first rung takes at least. */
  leastShare: number;
}

/**
 * Successive halving (Jamieson & Talwalkar 2016, arXiv:1502.07943): rung i trains a configuration η times as long as
 * the rung before it and has one in η as many, so that all rungs cost about the same. The last one takes the whole
 * resource. There are as many rungs as the trials and the least share allow.
 */
export function halvingRungs({ trials, eta, leastShare }: HalvingOptions): SearchRung[] {
  let rungs = 1;
  while (trials >= eta ** rungs && eta ** -rungs >= leastShare * (1 - 1e-9)) rungs += 1;
  return Array.from({ length: rungs }, (_, rung) => ({
    trials: Math.max(1, Math.floor(trials / eta ** rung)),
    share: eta ** (rung - (rungs - 1)),
  }));
}

/** What a plan costs in whole trainings. */
export const costOf = (rungs: readonly SearchRung[]): number =>
  rungs.reduce((sum, { trials, share }) => sum + trials * share, 0);
