import type { ModelConfig } from './config.ts';
import type { Parameter } from './parameters.ts';

export type IssueHeadConfig = NonNullable<ModelConfig['issueHead']>;

/** Names of the issue head's parameters. */
export const ISSUE = {
  gain: 'issue.gain',
  state: 'issue.state',
  features: 'issue.features',
  day: 'issue.day',
  hour: 'issue.hour',
  region: 'issue.hidden.region',
  deep: 'issue.deep',
  deepBias: 'issue.deep.bias',
  out: 'issue.out',
  /** Straight from an hour's features, and from the day's, to the median, by region and hour: warm-started by ridge. */
  direct: 'issue.direct.region',
  directDay: 'issue.direct.day.region',
  /** Of median and steps, by region and hour. */
  bias: 'issue.bias.region',
} as const;

/** Of the learning rate: what begins by ridge and by the spread of its errors has little to learn. */
const WARM_RATE = 0.1;

/** Its part of the flat layout, in order. */
export function issueHeadParameters(
  { columns, dayColumns, horizon, hidden, quantiles }: IssueHeadConfig,
  { width, regions }: Pick<ModelConfig, 'width' | 'regions'>,
): Omit<Parameter, 'offset'>[] {
  const product = { decays: true, rateFactor: 1 };
  const offset = { decays: false, rateFactor: 1 };
  const warm = { decays: false, rateFactor: WARM_RATE };
  const levels = quantiles.length;
  const day = dayColumns.length;
  return [
    { name: ISSUE.gain, shape: [1, width], initial: 'one', ...offset },
    { name: ISSUE.state, shape: [width, hidden], initial: 1 / Math.sqrt(width), ...product },
    {
      name: ISSUE.features,
      shape: [columns.length, hidden],
      initial: 1 / Math.sqrt(columns.length),
      ...product,
    },
    { name: ISSUE.day, shape: [day, hidden], initial: 1 / Math.sqrt(Math.max(1, day)), ...product },
    { name: ISSUE.hour, shape: [horizon, hidden], initial: 0.5, ...offset },
    { name: ISSUE.region, shape: [regions.length, hidden], initial: 0.5, ...offset },
    { name: ISSUE.deep, shape: [hidden, hidden], initial: 1 / Math.sqrt(hidden), ...product },
    { name: ISSUE.deepBias, shape: [1, hidden], initial: 0, ...offset },
    { name: ISSUE.out, shape: [hidden, levels], initial: 0, ...product },
    { name: ISSUE.direct, shape: [regions.length, horizon * columns.length], initial: 0, ...warm },
    { name: ISSUE.directDay, shape: [regions.length, horizon * day], initial: 0, ...warm },
    { name: ISSUE.bias, shape: [regions.length, horizon * levels], initial: 0, ...warm },
  ];
}
