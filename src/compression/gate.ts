import { RingwattError } from '../errors.ts';
import type { CompressionSettings } from '../contracts/compression.ts';
import { SUBJECTS, type Errors, type ErrorsBySubject, type Subject } from './errors-of.ts';

/** What a network errs by before and after it was made smaller, on the same hours. */
export interface Comparison {
  region: string;
  subject: Subject;
  before: Errors;
  after: Errors;
}

/** A smaller network that is not let through; nothing of it was kept. */
export class CompressionRefusedError extends RingwattError {
  readonly comparisons: readonly Comparison[];

  constructor(message: string, cure: string, comparisons: readonly Comparison[]) {
    super(message, cure);
    this.comparisons = comparisons;
  }
}

export const compared = (region: string, before: ErrorsBySubject, after: ErrorsBySubject): Comparison[] =>
  SUBJECTS.flatMap((subject) => {
    const [own, other] = [before[subject], after[subject]];
    return own && other ? [{ region, subject, before: own, after: other }] : [];
  });

/** By how much a comparison is worse, as a share: the worse of MAPE and pinball loss; Infinity where answers are missing. */
export function lossOf({ before, after }: Comparison): number {
  if (after.hours !== before.hours) return Infinity;
  const grown = (was: number | null, is: number | null) => {
    if (was === null || is === null) return -Infinity;
    if (is === was) return 0;
    const share = is / was - 1;
    return Number.isNaN(share) ? Infinity : share;
  };
  return Math.max(grown(before.mape, after.mape), grown(before.pinballMw, after.pinballMw));
}

/** Refuses a network of which any region, in any way that it answers, is worse by more than `mostLoss`. */
export function requireGood(
  comparisons: readonly Comparison[],
  mostLoss: number,
  { method }: Pick<CompressionSettings, 'method'>,
): void {
  const worst = comparisons.reduce((a, b) => (lossOf(b) > lossOf(a) ? b : a));
  if (lossOf(worst) <= mostLoss) return;
  throw new CompressionRefusedError(
    `The smaller network is refused and nothing was kept: ${worst.region}, ${spelled(worst)}, is ${percent(lossOf(worst))} worse on the validation issues (MAPE ${figures(worst, 'mape')} %${worst.before.pinballMw === null ? '' : `, pinball ${figures(worst, 'pinballMw')} MW`}), where ${percent(mostLoss)} is allowed.`,
    `${CURES[method]}, or allow more with --most-loss.`,
    comparisons,
  );
}

const CURES: Record<CompressionSettings['method'], string> = {
  quantise: 'Keep this version as it is',
  prune: 'Give a lower --sparsity, or --steps to train what is left',
  distil: 'Give more --layers, a greater --width or more --steps',
};

const WORDS: Record<Subject, string> = {
  'as trained': 'the network as it was trained',
  network: 'the network',
  version: 'the whole version',
  hourly: 'the hourly heads',
};

const spelled = ({ subject, before, after }: Comparison) =>
  after.hours === before.hours
    ? WORDS[subject]
    : `${WORDS[subject]}, which answers ${after.hours} of ${before.hours} hours`;

const figures = ({ before, after }: Comparison, of: 'mape' | 'pinballMw') =>
  `${before[of]!.toFixed(2)} → ${after[of]!.toFixed(2)}`;

const percent = (share: number) => (share === Infinity ? 'infinitely' : `${(100 * share).toFixed(1)} %`);
