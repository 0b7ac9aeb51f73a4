import type { Severity } from '../../contracts/alerts.ts';
import type { DriftKind, DriftThresholds } from '../../contracts/drift.ts';
import type { PageHinkley } from '../statistics/page-hinkley.ts';
import type { EnergyTest } from '../statistics/energy-distance.ts';
import type { ResidualDrift } from './concept.ts';
import type { Effect, FeatureDrift } from './feature-drift.ts';
import { dropOf, type ScoresWithErrors } from './performance.ts';

export interface DriftAlert {
  kind: DriftKind;
  severity: Severity;
  /** The column, or `prediction`; null where no single one is meant. */
  feature: string | null;
  /** A sentence. */
  message: string;
  effect: Effect | { name: 'energy coefficient' | 'drop' | 'rise'; size: number };
}

/**
 * A column has drifted where both hold: its p-value, adjusted for all columns, says that chance does not do this, and its
 * index says that it matters. Either alone would lie: of many rows every p-value is small, of few every index is large.
 */
export const hasDrifted = ({ adjustedP, psi }: FeatureDrift, limits: DriftThresholds): boolean =>
  adjustedP <= limits.ks_p_value && psi > limits.psi;

export function columnAlert(kind: 'data' | 'prediction', found: FeatureDrift): DriftAlert {
  const { feature, test, statistic, adjustedP, psi } = found;
  const effect = found.effects[0]!;
  const what = kind === 'prediction' ? 'What the model says' : `${feature}`;
  const changed = test === 'missing' ? 'is missing more or less often than in' : 'is distributed unlike';
  const name = test === 'ks' ? 'KS' : 'chi-square';
  return {
    kind,
    severity: 'warning',
    feature: kind === 'prediction' ? 'prediction' : feature,
    message: `${what} ${changed} the reference: PSI ${fixed(psi)}, ${name} ${fixed(statistic)}, p ${scientific(adjustedP)}, ${effect.name} ${fixed(effect.size)}.`,
    effect,
  };
}

/**
 * For what the thresholds do not name: one time in a thousand without any drift, which is also the least that 999
 * permutations can say.
 */
const RARE = 0.001;

export function jointAlert(found: EnergyTest | null): DriftAlert[] {
  if (!found || found.p > RARE) return [];
  const { coefficient, p } = found;
  return [
    {
      kind: 'data',
      severity: 'warning',
      feature: null,
      message: `The columns together are distributed unlike the reference: energy coefficient ${fixed(coefficient)}, p ${scientific(p)}.`,
      effect: { name: 'energy coefficient', size: coefficient },
    },
  ];
}

export function performanceAlerts(
  before: ScoresWithErrors,
  now: ScoresWithErrors,
  limits: DriftThresholds,
): DriftAlert[] {
  return (['accuracy', 'f1'] as const).flatMap((name) => {
    const limit = name === 'accuracy' ? limits.accuracy_drop : limits.f1_drop;
    const drop = dropOf(name, before, now, limit);
    if (drop === null) return [];
    const said = name === 'f1' ? 'F1' : 'Accuracy';
    return [
      {
        kind: 'performance' as const,
        severity: 'critical' as const,
        feature: null,
        message: `${said} fell from ${fixed(before.scores[name]!)} to ${fixed(now.scores[name]!)}: more than ${limit}.`,
        effect: { name: 'drop' as const, size: drop },
      },
    ];
  });
}

/** Cohen's f of 0.25 is a medium effect (Cohen, 1988). */
const LEAST_EFFECT = 0.25;

export function conceptAlerts(residuals: readonly ResidualDrift[], stream: PageHinkley): DriftAlert[] {
  const given = residuals
    .filter(({ adjustedP, effect }) => adjustedP <= RARE && effect >= LEAST_EFFECT)
    .map(({ feature, adjustedP, effect }) => ({
      kind: 'concept' as const,
      severity: 'warning' as const,
      feature,
      message: `Errors at the same values of ${feature} are not what they were: p ${scientific(adjustedP)}, Cohen's f ${fixed(effect)}.`,
      effect: { name: "Cohen's f" as const, size: effect },
    }));
  if (stream.alarmAt === null) return given;
  return [
    ...given,
    {
      kind: 'concept',
      severity: 'warning',
      feature: null,
      message: `Errors have been larger since row ${stream.since! + 1} (Page–Hinkley, at row ${stream.alarmAt + 1}).`,
      effect: { name: 'rise', size: stream.rise },
    },
  ];
}

const fixed = (value: number) => (Number.isFinite(value) ? value.toFixed(3) : String(value));
const scientific = (value: number) => (value < 0.001 ? value.toExponential(1) : value.toFixed(3));
