import { thresholdKind, type ABResult, type ABTestConfig } from '../contracts/ab-test.ts';
import { counted } from '../errors.ts';

type Told = Pick<ABResult, 'control' | 'treatment' | 'effect' | 'sampleRatio' | 'missing' | 'decision'>;

/** The recommendation and its reason, in a sentence or two. */
export function recommendation(config: ABTestConfig, result: Told): string {
  const { success_metric: metric, success_threshold: threshold } = config;
  const { effect, decision, sampleRatio } = result;
  const asked = amount(config, threshold);
  const interval = effect ? `between ${amount(config, effect.low)} and ${amount(config, effect.high)}` : '';
  if (decision === 'broken') {
    const { observed, expected, pValue } = sampleRatio;
    return `Stop: ${percent(observed ?? 0)} of the users got the treatment instead of ${percent(expected)}, which chance does not do (p ${small(pValue)}). Whoever is missing may be what differs: nothing can be concluded until it is found out why.`;
  }
  if (decision === 'promote') {
    const reached = effect !== null && effect.low >= threshold;
    const how = reached
      ? `better, by more than was asked for (${asked})`
      : `better, and the improvement asked for (${asked}) is within reach`;
    return `Promote the treatment: ${metric} is ${how}. It now lies ${interval}.`;
  }
  if (decision === 'keep') {
    const why =
      effect && effect.high < 0 ? 'the treatment is worse' : `an improvement of ${asked} is excluded`;
    return `Keep the control: ${why}. The improvement of ${metric} now lies ${interval}.`;
  }
  if (decision === 'futile') {
    return `Stop: its time is over and it has not been decided whether ${metric} is better by ${asked}. ${
      effect ? `The improvement lies ${interval}.` : tooFew(config, result)
    }`;
  }
  if (!effect) return `Go on: ${tooFew(config, result)}`;
  const more =
    result.missing === null || result.missing === 0
      ? 'the planned number of users is reached, so chance is against a decision; it may still come'
      : `about ${result.missing} more users are needed by the plan`;
  return `Go on: the improvement of ${metric} lies ${interval}; ${more}.`;
}

function tooFew({ min_samples: least, success_metric: metric }: ABTestConfig, { control, treatment }: Told) {
  const fewest = Math.min(control.units, treatment.units);
  const which = treatment.units <= control.units ? 'treatment' : 'control';
  return fewest < least
    ? `the ${which} has ${counted(fewest, 'user')} with an outcome of the ${least} it takes to tell anything.`
    : `the outcomes do not vary, or ${metric} of the control is too near 0 to be divided by.`;
}

/** An effect as people read it: `+3.1 %` of a relative one, `+0.031` of an absolute one. */
export function amount(
  config: Pick<ABTestConfig, 'success_metric' | 'threshold_kind'>,
  value: number,
): string {
  const sign = value < 0 ? '−' : '+';
  const size = Math.abs(value);
  return thresholdKind(config) === 'relative'
    ? `${sign}${Number((100 * size).toPrecision(3))} %`
    : `${sign}${Number(size.toPrecision(3))}`;
}

const percent = (share: number) => `${Number((100 * share).toPrecision(3))} %`;
export const small = (p: number) => (p < 1e-4 ? p.toExponential(0) : String(Number(p.toPrecision(2))));
