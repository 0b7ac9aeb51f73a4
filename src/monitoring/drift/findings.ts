import type { DriftThresholds } from '../../contracts/drift.ts';
import { toDate } from '../../contracts/time.ts';
import { benjaminiHochberg } from '../statistics/benjamini-hochberg.ts';
import type { DriftFinding, RegionDrift } from './document.ts';
import { operatorAbsentLine } from './operator-absent.ts';
import type { Undecided } from './region-drift.ts';

/** Adjusts every p-value of a look among all of it, and says which are drift: rare by the past, and large. */
export function decide(regions: readonly Undecided[], limits: DriftThresholds): RegionDrift[] {
  const asked = regions.flatMap(({ series, prediction }) => [...series, ...(prediction ? [prediction] : [])]);
  const judged = asked.filter(({ p }) => p !== null);
  const adjusted = benjaminiHochberg(judged.map(({ p }) => p!));
  const byTest = new Map<object, number>(judged.map((one, i) => [one, adjusted[i]!]));
  const decided = <One extends { psi: number }>(one: One) => {
    const adjustedP = byTest.get(one) ?? null;
    const drifted = adjustedP !== null && adjustedP <= limits.ks_p_value && one.psi > limits.psi;
    return { ...one, adjustedP, drifted };
  };
  const joint = jointDecided(regions, limits);
  return regions.map((region, i) => ({
    ...region,
    series: region.series.map(decided),
    joint: joint[i]!,
    prediction: region.prediction && decided(region.prediction),
  }));
}

/** All inputs of a region together are a question of their own, adjusted among those of all regions. */
function jointDecided(
  regions: readonly Undecided[],
  { ks_p_value: limit }: DriftThresholds,
): RegionDrift['joint'][] {
  const adjusted = benjaminiHochberg(regions.flatMap(({ joint }) => (joint ? [joint.p] : [])));
  let next = 0;
  return regions.map(({ joint }) => {
    if (!joint) return null;
    const adjustedP = adjusted[next++]!;
    return { ...joint, adjustedP, drifted: adjustedP <= limit };
  });
}

export function findingsOf(regions: readonly RegionDrift[]): DriftFinding[] {
  return regions.flatMap(({ region, operatorAbsent, series, joint, prediction, performance, concept }) => {
    const found: DriftFinding[] = [];
    const add = (kind: DriftFinding['kind'], what: string) => void found.push({ kind, region, what });
    if (operatorAbsent) add('data', `${region}: ${operatorAbsentLine(operatorAbsent)}.`);
    for (const one of series.filter(({ drifted }) => drifted)) {
      add(
        'data',
        `${region}: ${one.label} is unlike the same weeks of earlier years (PSI ${one.psi.toFixed(2)} where ${one.usual.psi.toFixed(2)} is usual, p ${shortP(one.adjustedP!)}, ${direction(one.delta)}).`,
      );
    }
    if (joint?.drifted) {
      add(
        'data',
        `${region}: all inputs together are unlike the same weeks of earlier years (energy coefficient ${joint.coefficient.toFixed(2)} where ${joint.usual.coefficient.toFixed(2)} is usual, p ${shortP(joint.adjustedP)}).`,
      );
    }
    if (prediction?.drifted) {
      add(
        'prediction',
        `${region}: forecasts are unlike those of ${prediction.against} (PSI ${prediction.psi.toFixed(2)}, p ${shortP(prediction.adjustedP!)}, ${direction(prediction.delta)}).`,
      );
    }
    if (performance?.drifted) {
      const { mape, baselineMape, growth, beyondNaive } = performance;
      add(
        'performance',
        `${region}: MAPE is ${percent(mape)} where it was ${percent(baselineMape)} in ${performance.against}${performance.drifted === 'error growth' ? `, and hours are ${difficulty(growth / beyondNaive)} by the week-ago value` : ''}.`,
      );
    }
    for (const one of concept?.given.filter(({ drifted }) => drifted) ?? []) {
      add(
        'concept',
        `${region}: errors at the same ${one.input} are shifted by ${one.effect.toFixed(2)} deviations (p ${shortP(one.adjustedP)}).`,
      );
    }
    for (const { what, since, noticedAt } of concept?.stream ?? []) {
      if (since === null || noticedAt === null) continue;
      add(
        'concept',
        `${region}: ${what} since ${toDate(since)} (Page–Hinkley, noticed on ${toDate(noticedAt)}).`,
      );
    }
    return found;
  });
}

/**
 * What alert rules name. Of several regions the worst stands for all: `accuracy` and what belongs to it are those of the
 * region whose accuracy fell most. `psi_score` counts series that drifted only, since between stable years an index of 0.5
 * is usual.
 */
export function factsOf(
  regions: readonly RegionDrift[],
  findings: readonly DriftFinding[],
): Record<string, number> {
  const tests = regions.flatMap(({ series, prediction }) => [...series, ...(prediction ? [prediction] : [])]);
  const of = (kind: DriftFinding['kind']) => findings.filter((finding) => finding.kind === kind).length;
  const drifted = tests.filter((one) => one.drifted);
  const rare = tests.flatMap(({ adjustedP }) => (adjustedP === null ? [] : [adjustedP]));
  const performances = regions.flatMap(({ performance }) => (performance ? [performance] : []));
  const worst = performances.toSorted((a, b) => b.mape - b.baselineMape - (a.mape - a.baselineMape))[0];
  return {
    drifted: findings.length > 0 ? 1 : 0,
    data_drift: of('data'),
    prediction_drift: of('prediction'),
    performance_drift: of('performance'),
    concept_drift: of('concept'),
    psi_score: Math.max(0, ...drifted.map(({ psi }) => psi)),
    greatest_psi: Math.max(0, ...tests.map(({ psi }) => psi)),
    ...(rare.length > 0 && { ks_p_value: Math.min(...rare) }),
    ...(worst && {
      accuracy: 1 - worst.mape,
      baseline_accuracy: 1 - worst.baselineMape,
      mape: 100 * worst.mape,
      baseline_mape: 100 * worst.baselineMape,
      error_growth: Math.max(...performances.map(({ growth }) => growth)) - 1,
    }),
  };
}

/** All inputs together in one line, whether they have drifted or not. */
export const jointLine = ({
  coefficient,
  usual,
  adjustedP,
  drifted,
}: NonNullable<RegionDrift['joint']>): string =>
  `all inputs together: energy coefficient ${coefficient.toFixed(2)} where ${usual.coefficient.toFixed(2)} is usual, p ${shortP(adjustedP)}: ${drifted ? 'drift' : 'no drift'}`;

const percent = (part: number) => `${(100 * part).toFixed(2)} %`;
/** How hard hours are against others: `54 % easier`, `12 % harder`. */
function difficulty(times: number): string {
  const percents = Math.abs(100 * (times - 1)).toFixed(0);
  return percents === '0' ? 'as hard' : `${percents} % ${times > 1 ? 'harder' : 'easier'}`;
}
const shortP = (p: number) => (p < 0.001 ? p.toExponential(1) : p.toFixed(3));
const direction = (delta: number) =>
  Math.abs(delta) < 0.1 ? 'another spread' : delta > 0 ? 'higher' : 'lower';
