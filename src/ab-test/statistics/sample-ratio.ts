import { logGamma } from '../../monitoring/statistics/gamma.ts';

/** So rare that whoever hears of it should look for what is broken. */
export const SAMPLE_RATIO_ALPHA = 0.001;
/** Users that the prior stands for: sharp enough for a share that is off by a tenth of itself. */
const PRIOR_USERS = 100;

/**
 * Whether users were dealt as they should be, at any time: the odds of a beta-binomial around the share that was asked
 * for against that share itself (Lindon and Malek, "Anytime-valid inference for multinomial count data", 2022). The
 * chance that they ever exceed 1/α where nothing is wrong is at most α, exactly and for any number of users.
 */
export function logRatioOdds(treatment: number, control: number, share: number): number {
  const [a, b] = [PRIOR_USERS * share, PRIOR_USERS * (1 - share)];
  return (
    logBeta(a + treatment, b + control) -
    logBeta(a, b) -
    treatment * Math.log(share) -
    control * Math.log1p(-share)
  );
}

const logBeta = (a: number, b: number) => logGamma(a) + logGamma(b) - logGamma(a + b);

/** The odds one user at a time, with no logarithm of a gamma: what the next one was expected to be, by both. */
export class SampleRatio {
  treatment = 0;
  control = 0;
  /** Greatest log odds so far. */
  greatest = 0;
  private odds = 0;
  private readonly share: number;

  constructor(share: number) {
    this.share = share;
  }

  add(isTreatment: boolean): void {
    const { treatment, control, share } = this;
    const predicted = (PRIOR_USERS * share + treatment) / (PRIOR_USERS + treatment + control);
    this.odds += isTreatment ? Math.log(predicted / share) : Math.log((1 - predicted) / (1 - share));
    if (isTreatment) this.treatment++;
    else this.control++;
    if (this.odds > this.greatest) this.greatest = this.odds;
  }

  /** Always valid. */
  get pValue(): number {
    return Math.min(1, Math.exp(-this.greatest));
  }

  get broken(): boolean {
    return this.pValue <= SAMPLE_RATIO_ALPHA;
  }
}
