import {
  abTestConfig,
  type ABOutcome,
  type ABResult,
  type ABTestConfig,
  type Variant,
} from '../contracts/ab-test.ts';
import { BadInputError, describeIssues } from '../errors.ts';
import type { z } from 'zod';
import { Evaluation, type Point } from './evaluation.ts';
import { planOf, type Plan } from './plan.ts';
import { routeRequest, unitKey, unitOf } from './route.ts';

/** An A/B test in memory, for models that are served elsewhere: route, tell what came of it, ask what it says. */
export class ABTest {
  readonly config: ABTestConfig;
  private readonly evaluation: Evaluation;

  constructor(config: z.input<typeof abTestConfig>) {
    const parsed = abTestConfig.safeParse(config);
    if (!parsed.success) {
      throw new BadInputError(
        `The A/B test is wrong: ${describeIssues(parsed.error.issues)}.`,
        'docs/ab-tests.md has the fields.',
      );
    }
    this.config = parsed.data;
    this.evaluation = new Evaluation(parsed.data);
  }

  /** Sample size and minimum detectable effect; null where the metric's spread is unknown: give `baseline_sd`. */
  get plan(): Plan | null {
    return planOf(this.config);
  }

  /** Which variant answers, always the same one for a user; the request is counted. */
  routeRequest(requestId: string, userId?: string): Variant {
    const variant = routeRequest(this.config, requestId, userId);
    const unit = unitKey(this.config.test_name, unitOf(requestId, userId));
    this.evaluation.expose({ at: new Date().toISOString(), request: requestId, unit, variant });
    return variant;
  }

  /** Throws where the request is unknown or the outcome says nothing of the metric; a second one changes nothing. */
  recordOutcome(requestId: string, outcome: Omit<ABOutcome, 'request'>): void {
    if (this.evaluation.hasOutcome(requestId)) return;
    const at = outcome.at ?? new Date().toISOString();
    const refusal = this.evaluation.add({ ...outcome, request: requestId, at });
    if (refusal !== null) {
      throw new BadInputError(
        `The outcome of ${requestId} does not count: ${refusal}.`,
        'See docs/ab-tests.md.',
      );
    }
  }

  get result(): ABResult {
    return this.evaluation.result();
  }

  /** The confidence sequence as it went, at most some hundred points. */
  get trajectory(): readonly Point[] {
    return this.evaluation.trajectory;
  }
}
