import type { ABOutcome, ABTestConfig } from '../contracts/ab-test.ts';

/** What an outcome adds above and below the line: the metric is Σa/Σb. Both 0: it says nothing of this metric. */
export interface Share {
  a: number;
  b: number;
}

/** What an outcome says of a metric, or why it says nothing that could be counted. */
export type Reading = Share | { refusal: string };

/** What is known before the first outcome, for the plan. */
export interface Expected {
  baseline: number | undefined;
  sd: number | undefined;
  /** Share of the outcomes that are positives. */
  positives: number;
}

export interface Metric {
  read(outcome: ABOutcome): Reading;
  /** Variance of one user's outcome, linearised, where the metric has this value; null where nobody can know. */
  unitVariance(value: number, expected: Expected): number | null;
  /** A value at which the plan asks for the most users; of metrics that are shares. */
  worst?: number;
}

/** tp, fp, fn, tn of one classification. */
const classified =
  (count: (predicted: boolean, actual: boolean) => Share) =>
  ({ predicted, actual }: ABOutcome): Reading =>
    predicted === undefined || actual === undefined
      ? { refusal: 'predicted and actual are missing' }
      : count(predicted, actual);

const share = (value: number) => Math.min(1, Math.max(0, value));
const bernoulli = (value: number) => share(value) * (1 - share(value));
const ofMean = (_value: number, { sd }: Expected) => (sd === undefined ? null : sd * sd);

const mean = (read: (outcome: ABOutcome) => number | string): Metric => ({
  read(outcome) {
    const value = read(outcome);
    return typeof value === 'string' ? { refusal: value } : { a: value, b: 1 };
  },
  unitVariance: ofMean,
});

const errorOf = ({ forecast_mw: forecast, actual_mw: actual }: ABOutcome): number | undefined =>
  forecast === undefined || actual === undefined ? undefined : Math.abs(forecast - actual);

const atLeastZero = (value: number | undefined, otherwise: string) =>
  value === undefined ? otherwise : value < 0 ? 'an error cannot be below 0' : value;

const EITHER = 'neither forecast_mw with actual_mw nor value is there';

const METRICS: Record<string, Metric> = {
  /** 2·tp / (2·tp + fp + fn). */
  f1_score: {
    read: classified((predicted, actual) => ({
      a: predicted && actual ? 2 : 0,
      b: Number(predicted) + Number(actual),
    })),
    // 4(1−F)²·tp + F²·(fp+fn) over (2·tp/F)², where fp+fn = 2·tp·(1−F)/F, and of the positives F are found.
    unitVariance(value, { positives }) {
      const f1 = share(value);
      return (f1 * (1 - f1) * (2 - f1)) / (2 * positives);
    },
    worst: 1 - 1 / Math.sqrt(3),
  },
  precision: {
    read: classified((predicted, actual) => ({ a: Number(predicted && actual), b: Number(predicted) })),
    // As many are called positive as there are.
    unitVariance: (value, { positives }) => bernoulli(value) / positives,
    worst: 0.5,
  },
  recall: {
    read: classified((predicted, actual) => ({ a: Number(predicted && actual), b: Number(actual) })),
    unitVariance: (value, { positives }) => bernoulli(value) / positives,
    worst: 0.5,
  },
  /** Of a classifier the share that is right; of a forecast 1 − |error|/actual. */
  accuracy: {
    read(outcome) {
      const { predicted, actual, actual_mw: actualMw } = outcome;
      if (predicted !== undefined && actual !== undefined) return { a: Number(predicted === actual), b: 1 };
      const error = errorOf(outcome);
      if (error === undefined)
        return { refusal: 'neither predicted with actual nor forecast_mw with actual_mw' };
      return actualMw ? { a: 1 - error / Math.abs(actualMw), b: 1 } : { refusal: 'actual_mw is 0' };
    },
    unitVariance: (value, expected) => ofMean(value, expected) ?? bernoulli(value),
    worst: 0.5,
  },
  conversion: {
    read: ({ value }) =>
      value === 0 || value === 1 ? { a: value, b: 1 } : { refusal: 'value is neither 0 nor 1' },
    unitVariance: bernoulli,
    worst: 0.5,
  },
  rating: mean(({ value }) =>
    value === undefined ? 'value is missing' : value >= 1 && value <= 5 ? value : 'value is not from 1 to 5',
  ),
  /** Percent. */
  mape: mean((outcome) => {
    const error = errorOf(outcome);
    if (error === undefined) return atLeastZero(outcome.value, EITHER);
    return outcome.actual_mw === 0 ? 'actual_mw is 0' : (100 * error) / Math.abs(outcome.actual_mw!);
  }),
  /** MW, or whatever `value` is of. */
  mae: mean((outcome) => atLeastZero(errorOf(outcome) ?? outcome.value, EITHER)),
};

const OTHER = mean(({ value }) => value ?? 'value is missing');

/** How a metric is read from outcomes; one that nobody knows is the mean of `value`. */
export const metricOf = ({ success_metric: name }: Pick<ABTestConfig, 'success_metric'>): Metric =>
  (Object.hasOwn(METRICS, name) ? METRICS[name] : undefined) ?? OTHER;
