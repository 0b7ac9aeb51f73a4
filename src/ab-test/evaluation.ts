import type { ABOutcome, ABResult, ABTestConfig, Variant } from '../contracts/ab-test.ts';
import { metricOf } from './metrics.ts';
import { planOf } from './plan.ts';
import { recommendation } from './recommendation.ts';
import { unitIn } from './route.ts';
import { SampleRatio } from './statistics/sample-ratio.ts';
import { Trial, type Look } from './trial.ts';

/** A request that was dealt; `unit` stands for the user. */
export interface Exposure {
  at: string;
  request: string;
  unit: string;
  variant: Variant;
}

export type KeptOutcome = ABOutcome & { at: string };

/** Nobody was answered, as far as the exposures go. */
export const UNKNOWN_REQUEST = 'the request is unknown';

/** The confidence sequence at one moment. */
export interface Point {
  at: string;
  units: number;
  estimate: number;
  low: number;
  high: number;
}

/** More are not seen on a chart. */
const MOST_POINTS = 240;

/**
 * A test as it comes in. What it says depends on the order of exposures and of outcomes, and on nothing else: whoever
 * reads the files again, however often, comes to the same decision at the same moment.
 */
export class Evaluation {
  private readonly config: ABTestConfig;
  private readonly trial: Trial;
  private readonly ratio: SampleRatio;
  private readonly requests = new Map<string, Exposure>();
  private readonly units = new Map<string, Variant>();
  private readonly answered = new Set<string>();
  private readonly points: Point[] = [];
  private stride = 1;
  private looks = 0;
  private brokenAt: string | null = null;
  private decidedAt: string | null = null;

  constructor(config: ABTestConfig) {
    this.config = config;
    this.trial = new Trial(config);
    this.ratio = new SampleRatio(config.traffic_split);
  }

  hasOutcome(request: string): boolean {
    return this.answered.has(request);
  }

  /** A request counts once, and a user once among the users. */
  expose(exposure: Exposure): void {
    const { request, unit, variant, at } = exposure;
    if (this.requests.has(request)) return;
    this.requests.set(request, exposure);
    if (this.units.has(unit)) return;
    this.units.set(unit, variant);
    this.ratio.add(variant === 'treatment');
    if (this.ratio.broken) this.brokenAt ??= at;
  }

  /** The first outcome of a request that is known; answers why it does not count, where it does not. */
  add(outcome: KeptOutcome): string | null {
    const { request, at } = outcome;
    const exposure = this.requests.get(request) ?? this.laterExposure(request);
    if (!exposure) return UNKNOWN_REQUEST;
    const reading = metricOf(this.config).read(outcome);
    if ('refusal' in reading) return reading.refusal;
    if (this.answered.has(request)) return 'the request has an outcome';
    this.answered.add(request);
    this.trial.add(exposure.variant, exposure.unit, reading.a, reading.b);
    if (this.trial.decision) this.decidedAt ??= at;
    this.plot(at);
    return null;
  }

  /** A user is written down with the first of his requests, and has more of them. */
  private laterExposure(request: string): Pick<Exposure, 'unit' | 'variant'> | undefined {
    const unit = unitIn(request);
    const dealt = unit === undefined ? undefined : this.units.get(unit);
    return dealt && { unit: unit!, variant: dealt };
  }

  get trajectory(): readonly Point[] {
    const { look } = this.trial;
    return look && this.points.length > 0 && this.points.at(-1)!.units < this.outcomeUnits
      ? [...this.points, this.pointOf(look, this.points.at(-1)!.at)]
      : this.points;
  }

  /** `over`: what is not decided now will not be. */
  result(over = false): ABResult {
    const { config, trial, ratio } = this;
    const { look } = trial;
    const dealt = ratio.treatment + ratio.control;
    const undecided = over ? ('futile' as const) : ('continue' as const);
    const isDecided = trial.decision !== null || ratio.broken;
    const told = {
      control: this.arm('control', ratio.control),
      treatment: this.arm('treatment', ratio.treatment),
      effect: look && {
        kind: trial.kind.kind,
        ...{ estimate: look.estimate, low: look.low, high: look.high },
      },
      pValue: trial.pValue,
      information: look?.information ?? 0,
      missing: this.missing(),
      sampleRatio: {
        expected: config.traffic_split,
        observed: dealt === 0 ? null : ratio.treatment / dealt,
        pValue: ratio.pValue,
        broken: ratio.broken,
      },
      decision: ratio.broken ? ('broken' as const) : (trial.decision ?? undecided),
      decidedAt: isDecided ? (this.brokenAt ?? this.decidedAt) : null,
    };
    return { ...told, says: recommendation(config, told) };
  }

  private get outcomeUnits(): number {
    const { control, treatment } = this.trial.tallies;
    return control.units + treatment.units;
  }

  private arm(variant: Variant, assigned: number) {
    const { units, outcomes, ratio } = this.trial.tallies[variant];
    return { assigned, units, outcomes, value: ratio };
  }

  /** By what the outcomes vary, once there are some; else by what was expected of them. */
  private missing(): number | null {
    const { look } = this.trial;
    const planned = look ? this.outcomeUnits / look.information : planOf(this.config)?.sequential.users;
    return planned === undefined ? null : Math.max(0, Math.ceil(planned - this.outcomeUnits));
  }

  private pointOf({ estimate, low, high }: Look, at: string): Point {
    return { at, units: this.outcomeUnits, estimate, low, high };
  }

  /** Every so many outcomes, twice as many each time that they become too many. */
  private plot(at: string): void {
    const { look } = this.trial;
    if (!look || this.looks++ % this.stride !== 0) return;
    this.points.push(this.pointOf(look, at));
    if (this.points.length <= MOST_POINTS) return;
    const kept = this.points.filter((_, i) => i % 2 === 0);
    this.points.splice(0, this.points.length, ...kept);
    this.stride *= 2;
  }
}
