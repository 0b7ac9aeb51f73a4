import { Gauge, type Registry } from 'prom-client';
import { METRIC } from './metric-names.ts';
import { HistogramMetric, NumberMetric } from './series.ts';

/** Seconds: doubling from half a millisecond, with more between 1 ms and 1 s, where answers lie. */
export const LATENCY_BUCKETS = [
  ...[0.0005, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.006, 0.008, 0.012, 0.016, 0.025, 0.04, 0.06],
  ...[0.1, 0.15, 0.25, 0.4, 0.6, 1, 2.5, 5, 10, 30],
];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

const CALL = ['model', 'version', 'label', 'signature'];
const GRAPH = ['model', 'version', 'signature'];

/** All that serving counts, in one process. */
export function instruments(registry: Registry) {
  const counter = (name: string, help: string, labelNames: readonly string[]) =>
    new NumberMetric('counter', { name, help, labelNames, registry });
  const gauge = (name: string, help: string, labelNames: readonly string[], aggregator: 'sum' | 'max') =>
    new NumberMetric('gauge', { name, help, labelNames, registry, aggregator });
  const histogram = (name: string, help: string, labelNames: readonly string[], bounds: readonly number[]) =>
    new HistogramMetric(bounds, { name, help, labelNames, registry });
  const { calls, callSeconds, rows, cache, queueLength, waitSeconds } = METRIC;
  const processes = new Gauge({
    name: METRIC.processes,
    help: 'Processes that serve',
    registers: [registry],
    aggregator: 'sum',
  });
  processes.set(1);
  return {
    calls: counter(calls, 'Calls that have ended, by code: OK, or why they were refused', [
      'door',
      ...CALL,
      'code',
    ]),
    callSeconds: histogram(
      callSeconds,
      'From the request to its answer, of calls that were answered',
      CALL,
      LATENCY_BUCKETS,
    ),
    rows: counter(rows, 'Rows that were answered', CALL),
    cache: counter(cache, 'Answers that came from the cache (hit), and that had to be computed (miss)', [
      'model',
      'version',
      'result',
    ]),
    queueLength: gauge(queueLength, 'Requests that wait for a batch now', GRAPH, 'sum'),
    waitSeconds: histogram(
      waitSeconds,
      'The longest that a request of a batch has waited for it',
      GRAPH,
      LATENCY_BUCKETS,
    ),
    batchRows: histogram(METRIC.batchRows, 'Rows of a batch', GRAPH, BATCH_BUCKETS),
    batchRequests: histogram(METRIC.batchRequests, 'Requests that a batch was made of', GRAPH, BATCH_BUCKETS),
    batchSeconds: histogram(METRIC.batchSeconds, 'What a batch took to compute', GRAPH, LATENCY_BUCKETS),
    versions: gauge(
      METRIC.versions,
      'Processes in which a version is in this state',
      ['model', 'version', 'state'],
      'sum',
    ),
    loadSeconds: gauge(
      METRIC.loadSeconds,
      'What a version took from its file to its first answer; of several processes the slowest',
      ['model', 'version'],
      'max',
    ),
  };
}

export type Instruments = ReturnType<typeof instruments>;
