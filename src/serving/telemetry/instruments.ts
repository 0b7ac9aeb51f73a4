import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { METRIC } from './metric-names.ts';

/** Seconds: doubling from half a millisecond, with more between 1 ms and 1 s, where answers lie. */
export const LATENCY_BUCKETS = [
  ...[0.0005, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.006, 0.008, 0.012, 0.016, 0.025, 0.04, 0.06],
  ...[0.1, 0.15, 0.25, 0.4, 0.6, 1, 2.5, 5, 10, 30],
];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

const CALL = ['model', 'version', 'label', 'signature'] as const;
const GRAPH = ['model', 'version', 'signature'] as const;

/** All that serving counts, in one process. `aggregator` says what several processes together have. */
export function instruments(registry: Registry) {
  const registers = [registry];
  const histogram = <Name extends string>(
    name: string,
    help: string,
    labelNames: readonly Name[],
    buckets: readonly number[],
  ) => new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers });
  const { calls, callSeconds, rows, cache, queueLength, waitSeconds } = METRIC;
  const processes = new Gauge({
    name: METRIC.processes,
    help: 'Processes that serve',
    registers,
    aggregator: 'sum',
  });
  processes.set(1);
  return {
    calls: new Counter({
      name: calls,
      help: 'Calls that have ended, by code: OK, or why they were refused',
      labelNames: ['door', ...CALL, 'code'],
      registers,
    }),
    callSeconds: histogram(
      callSeconds,
      'From the request to its answer, of calls that were answered',
      CALL,
      LATENCY_BUCKETS,
    ),
    rows: new Counter({ name: rows, help: 'Rows that were answered', labelNames: CALL, registers }),
    cache: new Counter({
      name: cache,
      help: 'Answers that came from the cache (hit), and that had to be computed (miss)',
      labelNames: ['model', 'version', 'result'],
      registers,
    }),
    queueLength: new Gauge({
      name: queueLength,
      help: 'Requests that wait for a batch now',
      labelNames: GRAPH,
      registers,
      aggregator: 'sum',
    }),
    waitSeconds: histogram(
      waitSeconds,
      'The longest that a request of a batch has waited for it',
      GRAPH,
      LATENCY_BUCKETS,
    ),
    batchRows: histogram(METRIC.batchRows, 'Rows of a batch', GRAPH, BATCH_BUCKETS),
    batchRequests: histogram(METRIC.batchRequests, 'Requests that a batch was made of', GRAPH, BATCH_BUCKETS),
    batchSeconds: histogram(METRIC.batchSeconds, 'What a batch took to compute', GRAPH, LATENCY_BUCKETS),
    versions: new Gauge({
      name: METRIC.versions,
      help: 'Processes in which a version is in this state',
      labelNames: ['model', 'version', 'state'],
      registers,
      aggregator: 'sum',
    }),
    loadSeconds: new Gauge({
      name: METRIC.loadSeconds,
      help: 'What a version took from its file to its first answer; of several processes the slowest',
      labelNames: ['model', 'version'],
      registers,
      aggregator: 'max',
    }),
  };
}

export type Instruments = ReturnType<typeof instruments>;
