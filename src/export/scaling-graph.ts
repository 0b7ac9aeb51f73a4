import { CLIP as ISSUE_CLIP } from '../sequences/issue-scaling.ts';
import { scalingOf, type Normaliser } from '../sequences/normaliser.ts';
import type { GraphBuilder } from './graph-builder.ts';
import type { Value } from './graph.ts';
import type { RegisteredNetwork } from './network.ts';

/** Of each region, in the order of the network's: mean and standard deviation of each column. */
type Moments = readonly { mean: readonly number[]; std: readonly number[] }[];

/** Further than any number: what is not cut. */
const UNCUT = 3e38;

/**
 * The history as the network takes it, from raw features (batch × hours × channels): z-scores by region, cut, 0 where
 * there is no value. What follows the features among the channels (masks, context) is as it is in training already.
 */
export function scaledHistory(
  g: GraphBuilder,
  { config, normaliser }: Pick<RegisteredNetwork, 'config' | 'normaliser'>,
  history: Value,
  region: Value,
): Value {
  const { channels, regions } = config;
  const rest = channels.length - normaliser.columns.length;
  const padded = (values: readonly number[], value: number) => [
    ...values,
    ...Array.from({ length: rest }, () => value),
  ];
  const moments = regions.map((name) => {
    const { mean, std } = scalingOf(normaliser, name);
    return { mean: padded(mean, 0), std: padded(std, 1) };
  });
  const limits = padded(
    normaliser.columns.map(() => normaliser.clip),
    UNCUT,
  );
  return scaled(g, 'scaling.history', history, { moments, region, limits, shape: [1, channels.length] });
}

/** What is known of the target hours (batch × hours × columns), or of their day (batch × columns). */
export function scaledIssue(
  g: GraphBuilder,
  { config, normaliser }: Pick<RegisteredNetwork, 'config' | 'normaliser'>,
  part: 'hours' | 'day',
  values: Value,
  region: Value,
): Value {
  const shape = values.shape.slice(1);
  const moments = config.regions.map((name) => issueMoments(normaliser, name, part));
  return scaled(g, `scaling.${part}`, values, { moments, region, limits: [ISSUE_CLIP], shape });
}

function issueMoments({ issues }: Normaliser, region: string, part: 'hours' | 'day') {
  return issues!.regions[region]![part];
}

/** `shape` is that of the moments of one region, as they are broadcast to the values. */
function scaled(
  g: GraphBuilder,
  name: string,
  values: Value,
  options: { moments: Moments; region: Value; limits: readonly number[]; shape: readonly number[] },
): Value {
  const { moments, region, limits, shape } = options;
  const size = shape.reduce((a, b) => a * b, 1);
  const ofRegion = (suffix: string, rows: readonly (readonly number[])[]) => {
    const table = g.constant(`${name}.${suffix}`, Float32Array.from(rows.flat()), [rows.length, size]);
    return g.reshape(g.gather(table, region), [-1, ...shape]);
  };
  const mean = ofRegion(
    'mean',
    moments.map((own) => own.mean),
  );
  const inverse = ofRegion(
    'inverse',
    // A frozen column says nothing: whatever stands in it becomes 0.
    moments.map(({ std }) => std.map((deviation) => (deviation === 0 ? 0 : 1 / deviation))),
  );
  const score = g.multiply(g.subtract(values, mean), inverse);
  const whole = g.where(g.isNaN(score), 0, score);
  const limit = (sign: 1 | -1) =>
    g.constant(
      `${name}.${sign > 0 ? 'most' : 'least'}`,
      Float32Array.from(limits, (value) => sign * value),
      [limits.length],
    );
  return g.minimum(g.maximum(whole, limit(-1)), limit(1));
}
