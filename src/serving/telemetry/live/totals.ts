import { METRIC } from '../metric-names.ts';
import { LATENCY_BUCKETS } from '../instruments.ts';

/** A metric as prom-client's `getMetricsAsJSON` has it. */
export interface MetricJson {
  name: string;
  help: string;
  type: string;
  aggregator: string;
  values: { value: number; labels: Record<string, string | number>; metricName?: string }[];
}

/** What a model has had so far; the queue is what waits now. */
export interface Totals {
  calls: Map<string, number>;
  /** Answered calls at most as slow as each bound, the last without one. */
  within: Float64Array;
  rows: number;
  hits: number;
  misses: number;
  queue: number;
  batches: number;
  batchRows: number;
  /** Of the longest waits of batches. */
  waitSeconds: number;
}

const BOUNDS = new Map<string, number>([
  ...LATENCY_BUCKETS.map((bound, i) => [String(bound), i] as const),
  ['+Inf', LATENCY_BUCKETS.length],
]);

export const noTotals = (): Totals => ({
  calls: new Map(),
  within: new Float64Array(LATENCY_BUCKETS.length + 1),
  ...{ rows: 0, hits: 0, misses: 0, queue: 0, batches: 0, batchRows: 0, waitSeconds: 0 },
});

type Take = (totals: Totals, value: number, labels: Record<string, string | number>, part: string) => void;

const TAKES: Partial<Record<string, Take>> = {
  [METRIC.calls](totals, value, { code }) {
    totals.calls.set(String(code), (totals.calls.get(String(code)) ?? 0) + value);
  },
  [METRIC.callSeconds](totals, value, { le }) {
    if (le !== undefined) totals.within[BOUNDS.get(String(le))!]! += value;
  },
  [METRIC.rows](totals, value) {
    totals.rows += value;
  },
  [METRIC.cache](totals, value, { result }) {
    totals[result === 'hit' ? 'hits' : 'misses'] += value;
  },
  [METRIC.queueLength](totals, value) {
    totals.queue += value;
  },
  [METRIC.batchRows](totals, value, _labels, part) {
    if (part === 'count') totals.batches += value;
    if (part === 'sum') totals.batchRows += value;
  },
  [METRIC.waitSeconds](totals, value, _labels, part) {
    if (part === 'sum') totals.waitSeconds += value;
  },
};

/** By model. */
export function totalsOf(metrics: readonly MetricJson[]): Map<string, Totals> {
  const models = new Map<string, Totals>();
  for (const { name, values } of metrics) {
    const take = TAKES[name];
    if (take === undefined) continue;
    for (const { value, labels, metricName } of values) {
      const model = String(labels['model']);
      const totals = models.get(model) ?? noTotals();
      models.set(model, totals);
      take(totals, value, labels, metricName?.slice(name.length + 1) ?? '');
    }
  }
  return models;
}

/** Both together. */
export function added(a: Totals, b: Totals): Totals {
  return combined(a, b, 1);
}

/** What came between two looks; a process that has begun anew since then counts from its start. */
export function since(before: Totals, now: Totals): Totals {
  const gained = combined(now, before, -1);
  const fell = gained.within.at(-1)! < 0 || [...gained.calls.values()].some((count) => count < 0);
  return { ...(fell ? now : gained), queue: now.queue };
}

function combined(a: Totals, b: Totals, sign: 1 | -1): Totals {
  const codes = new Set([...a.calls.keys(), ...b.calls.keys()]);
  const one = (field: Exclude<keyof Totals, 'calls' | 'within'>) => a[field] + sign * b[field];
  return {
    calls: new Map(
      [...codes].map((code) => [code, (a.calls.get(code) ?? 0) + sign * (b.calls.get(code) ?? 0)]),
    ),
    within: a.within.map((count, i) => count + sign * b.within[i]!),
    ...{ rows: one('rows'), hits: one('hits'), misses: one('misses'), queue: one('queue') },
    ...{ batches: one('batches'), batchRows: one('batchRows'), waitSeconds: one('waitSeconds') },
  };
}
