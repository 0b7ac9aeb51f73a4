import { Counter, Histogram, type Registry } from 'prom-client';
import type { TrafficObserver } from './observer.ts';
import { DIFFERENCES, SECONDS } from './shadow/histogram.ts';

/** The names of what traffic measures, for whoever shows it. */
export const TRAFFIC_METRIC = {
  dealt: 'ringwatt_traffic_dealt_total',
  fallbacks: 'ringwatt_traffic_fallbacks_total',
  exposures: 'ringwatt_ab_test_exposures_total',
  outcomes: 'ringwatt_ab_test_outcomes_total',
  shadowRequests: 'ringwatt_shadow_requests_total',
  shadowSeconds: 'ringwatt_shadow_seconds',
  shadowDifference: 'ringwatt_shadow_relative_difference',
  shadowMismatches: 'ringwatt_shadow_mismatches_total',
} as const;

const CANDIDATE = ['model', 'candidate'] as const;

/** Counts what A/B tests and shadows do. Tests, models and outputs are those of the home: callers make up none. */
export function trafficMetrics(registry: Registry): TrafficObserver {
  const registers = [registry];
  const counter = <Name extends string>(name: string, help: string, labelNames: readonly Name[]) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  const histogram = <Name extends string>(
    name: string,
    help: string,
    labelNames: readonly Name[],
    buckets: readonly number[],
  ) => new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers });

  const answered = counter(
    TRAFFIC_METRIC.dealt,
    'Calls without a version that were answered, by who did: champion, canary, control, treatment',
    ['model', 'version', 'role'],
  );
  const fallbacks = counter(
    TRAFFIC_METRIC.fallbacks,
    'Calls that the champion answered for a version that is not loaded',
    ['model', 'version'],
  );
  const { exposures, outcomes, shadowRequests, shadowSeconds, shadowDifference, shadowMismatches } =
    TRAFFIC_METRIC;
  const exposed = counter(
    exposures,
    'Users and requests counted in an A/B test: kept, or why they were not',
    ['test', 'result'],
  );
  const told = counter(outcomes, 'What came of answers: taken, repeated, refused', ['test', 'result']);
  const shown = counter(
    shadowRequests,
    'Requests of a candidate in the shadow: compared, failed, dropped because too many waited (full) or too long (late)',
    [...CANDIDATE, 'result'],
  );
  const seconds = histogram(
    shadowSeconds,
    'What the champion and its shadow took to answer the same requests',
    [...CANDIDATE, 'who'],
    SECONDS,
  );
  const difference = histogram(
    shadowDifference,
    "The greatest difference of an output, over the champion's greatest element",
    [...CANDIDATE, 'output'],
    DIFFERENCES,
  );
  const mismatches = counter(
    shadowMismatches,
    'Outputs of another type or shape, or with no number where the champion has one',
    [...CANDIDATE, 'output'],
  );

  return {
    dealt: ({ model, version, role }) => answered.inc({ model, version, role }),
    fellBack: ({ model, version }) => fallbacks.inc({ model, version }),
    exposuresKept: (test, count) => exposed.inc({ test, result: 'kept' }, count),
    exposuresLost: (test, count, why) => exposed.inc({ test, result: why }, count),
    outcomesTaken(test, { taken, repeated, refused }) {
      for (const [result, count] of Object.entries({ taken, repeated, refused })) {
        told.inc({ test, result }, count);
      }
    },
    shadowCompared({ model, candidate, signature, differences, mismatched, ...took }) {
      const of = { model, candidate };
      shown.inc({ ...of, result: 'compared' });
      seconds.observe({ ...of, who: 'champion' }, took.championSeconds);
      seconds.observe({ ...of, who: 'candidate' }, took.seconds);
      for (const output of mismatched) mismatches.inc({ ...of, output: `${signature}/${output}` });
      for (const { output, absolute, relative } of differences) {
        const place = { ...of, output: `${signature}/${output}` };
        if (!Number.isFinite(absolute)) mismatches.inc(place);
        else if (Number.isFinite(relative)) difference.observe(place, relative);
      }
    },
    shadowFailed: ({ model, candidate }) => shown.inc({ model, candidate, result: 'failed' }),
    shadowDropped: ({ model, candidate, why }) => shown.inc({ model, candidate, result: why }),
  };
}
