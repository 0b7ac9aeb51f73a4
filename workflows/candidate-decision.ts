import type { Comparison } from '../src/contracts/learning.ts';
import type { RegionScore } from '../src/contracts/stages.ts';

export interface Verdict {
  good: boolean;
  /** A sentence, with the figures. */
  reason: string;
  facts: Record<string, number>;
}

/** Regions in which some persistence errs less; a model without scores beats nobody. */
export function losingRegions(scores: readonly RegionScore[]): string[] {
  if (scores.length === 0) return ['all regions'];
  return scores.filter(({ beatsBaselines }) => !beatsBaselines).map(({ region }) => region);
}

/** Half a day says nothing of the other half. */
const FEWEST_HOURS = 12;
const WEEK_HOURS = 168;

/**
 * Whether a version may stand where another one stands: it errs by no more than a share of the other's error above
 * it. A candidate that is level has learnt from newer hours, and whether it is better shows only in hours to come:
 * to ask for more than level would refuse half of the models that are as good, by chance. On less than a week more is
 * allowed, as chance grows with the root of what is lacking: 13 % on a day where 5 % are on a week.
 */
export function judge(
  { mape, hours, from, to }: Comparison,
  [challenger, holder]: readonly [number, number],
  { threshold, regions }: { threshold: number; regions: number },
): Verdict | null {
  const of = (version: number) => mape.find((line) => line.version === version)?.mape ?? null;
  const [ours, theirs] = [of(challenger), of(holder)];
  if (ours === null || theirs === null || hours < FEWEST_HOURS * regions) return null;
  const worse = ours / theirs - 1;
  const figures = `MAPE ${ours.toFixed(3)} % against ${theirs.toFixed(3)} % of version ${holder} on ${hours} hours from ${from} to ${to}`;
  const facts = {
    mape: round(ours),
    baseline_mape: round(theirs),
    accuracy: round(1 - ours / 100),
    baseline_accuracy: round(1 - theirs / 100),
    worse_by: round(worse),
    hours,
  };
  const allowed = threshold * Math.max(1, Math.sqrt((WEEK_HOURS * regions) / hours));
  if (worse <= allowed) return { good: true, reason: `Version ${challenger}: ${figures}.`, facts };
  const by = `${(100 * worse).toFixed(1)} % worse, where ${(100 * allowed).toFixed(1)} % are allowed`;
  return { good: false, reason: `Version ${challenger} is ${by}: ${figures}.`, facts };
}

/** With the MAPE of the operator and of a persistence on the same hours, %: for whoever reads it; they decide nothing. */
export function besideOthers(verdict: Verdict, { operatorMape, persistenceMape }: Comparison): Verdict {
  const others = [
    ...(operatorMape === null ? [] : [`the operator's forecast ${operatorMape.toFixed(3)} %`]),
    ...(persistenceMape === null ? [] : [`persistence ${persistenceMape.toFixed(3)} %`]),
  ];
  if (others.length === 0) return verdict;
  return {
    ...verdict,
    reason: `${verdict.reason} On the same hours: ${others.join(', ')}.`,
    facts: {
      ...verdict.facts,
      ...(operatorMape !== null && { operator_mape: round(operatorMape) }),
      ...(persistenceMape !== null && { persistence_mape: round(persistenceMape) }),
    },
  };
}

const round = (value: number) => Number(value.toFixed(5));
