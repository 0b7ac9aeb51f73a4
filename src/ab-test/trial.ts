import { higherIsBetter, thresholdKind, type ABTestConfig, type Variant } from '../contracts/ab-test.ts';
import { effectOf, type Effect, type EffectKind } from './statistics/effect.ts';
import { boundaryAt, designOf, logOdds, type Design } from './statistics/mixture.ts';
import { Tally, type UnitSums } from './statistics/tally.ts';

/** One look: where the effect lies, and how sure that is. */
export interface Look {
  estimate: number;
  low: number;
  high: number;
  /** Of the information that the plan asks for. */
  information: number;
}

type Rules = Pick<
  ABTestConfig,
  | 'success_metric'
  | 'higher_is_better'
  | 'threshold_kind'
  | 'success_threshold'
  | 'alpha'
  | 'power'
  | 'min_samples'
>;

/**
 * A test as its outcomes come in, looked at after each of them. What was decided stays decided: the sequence holds the
 * true effect at all times at once with chance 1 − alpha, so the first moment that decides is as good as any.
 */
export class Trial {
  readonly tallies: Record<Variant, Tally> = { control: new Tally(), treatment: new Tally() };
  readonly design: Design;
  readonly kind: EffectKind;
  decision: 'promote' | 'keep' | null = null;
  /** As it is now; null while there is too little to tell. */
  look: Look | null = null;
  private greatestOdds = 0;
  private readonly rules: Rules;
  private readonly units = new Map<string, UnitSums>();

  constructor(rules: Rules) {
    this.rules = rules;
    const { alpha, power, success_threshold: threshold } = rules;
    this.design = designOf({ alpha, power, threshold });
    this.kind = { kind: thresholdKind(rules), higherIsBetter: higherIsBetter(rules) };
  }

  /** Always valid: the least there ever was. */
  get pValue(): number {
    return Math.min(1, Math.exp(-this.greatestOdds));
  }

  add(variant: Variant, unit: string, a: number, b: number): void {
    // A user is in one variant only.
    const before = this.units.get(unit);
    const sums = this.tallies[variant].add(before ?? null, a, b);
    if (!before) this.units.set(unit, sums);
    this.judge();
  }

  /** A user who is never seen again. */
  addUnit(variant: Variant, a: number, b: number): void {
    this.tallies[variant].addUnit(a, b);
    this.judge();
  }

  private judge(): void {
    const { control, treatment } = this.tallies;
    const { min_samples: least, success_threshold: threshold } = this.rules;
    if (control.units < least || treatment.units < least) return;
    const effect = effectOf(control, treatment, this.kind);
    this.look = effect && this.interval(effect);
    if (!effect || !this.look) return;
    const x = this.design.priorVariance / effect.variance;
    const odds = logOdds(effect.estimate / Math.sqrt(effect.variance), x);
    if (odds > this.greatestOdds) this.greatestOdds = odds;
    if (this.decision) return;
    const { low, high } = this.look;
    if (high < threshold) this.decision = 'keep';
    else if (low > 0) this.decision = 'promote';
  }

  private interval({ estimate, variance }: Effect): Look {
    const { priorVariance, plannedInformation, alpha } = this.design;
    const half = Math.sqrt(variance) * boundaryAt(priorVariance / variance, alpha);
    return {
      ...{ estimate, low: estimate - half, high: estimate + half },
      information: 1 / (variance * plannedInformation),
    };
  }
}
