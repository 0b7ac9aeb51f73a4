import type { Effect, RuleChanges } from '../contracts/rule-changes.ts';

export type { Effect, RuleChanges };

/** What a rule may be asked about. `fuel` is every `FUEL:…` series. */
export type SeriesGroup = 'demand' | 'forecast' | 'generation' | 'interchange' | 'fuel';

interface Rule<Limits = Record<never, never>> {
  /** For people: what the rule looks at. */
  says: string;
  appliesTo: readonly SeriesGroup[];
  /** In columns that a feature may see: decided from what was known when the value was. */
  causal: Effect;
  /** In columns that targets and scores come from: decided with hindsight. */
  final: Effect;
  limits: Limits;
}

export interface Rules {
  schema: Rule<{ firstYear: number; lastYear: number }>;
  missing: Rule;
  duplicate: Rule;
  negative: Rule<{ fuelTolerance: number; mayBeNegative: readonly string[] }>;
  zero: Rule;
  range: Rule<{ low: number; high: number; windowHours: number; minimumHours: number }>;
  flat_line: Rule<{ hours: number }>;
  spike: Rule<{ change: number; neighbourHours: number; agreement: number }>;
  energy_balance: Rule<{ flagAbove: number; rejectAbove: number }>;
  shifted: Rule<{ windowHours: number; minimumHours: number; gain: number; clip: number }>;
  biased: Rule<{ windowHours: number; minimumHours: number; error: number }>;
}

export type RuleName = keyof Rules;
export type Verdict = 'ok' | RuleName;

/** Verdicts by code; a code is this array's index. */
export const VERDICTS: readonly Verdict[] = [
  'ok',
  'schema',
  'missing',
  'duplicate',
  'negative',
  'zero',
  'range',
  'flat_line',
  'spike',
  'energy_balance',
  'shifted',
  'biased',
];

const EVERY: readonly SeriesGroup[] = ['demand', 'forecast', 'generation', 'interchange', 'fuel'];
const LOAD_LIKE: readonly SeriesGroup[] = ['demand', 'forecast', 'generation'];

/**
 * The rules and their limits. Shares are of 1. What is scored loses only what cannot be true (missing, conflicting,
 * negative, zero, outside the believable band, a lone spike between two neighbours that agree); the other rules
 * flag there, so that no hour is left out of a score because it was inconvenient.
 */
export const RULES: Rules = {
  schema: {
    says: 'a known series, a whole hour, a finite value, not measured before it began',
    appliesTo: EVERY,
    causal: 'reject',
    final: 'reject',
    limits: { firstYear: 2009, lastYear: 2049 },
  },
  missing: {
    says: 'a value for every hour; in what a feature sees, by one hour after its end',
    appliesTo: EVERY,
    causal: 'reject',
    final: 'reject',
    limits: {},
  },
  duplicate: {
    says: 'one value an hour and moment of publication: of two that differ neither can be believed',
    appliesTo: EVERY,
    causal: 'reject',
    final: 'reject',
    limits: {},
  },
  negative: {
    says: 'no demand, forecast or generation below zero; a fuel only by station use, storage freely',
    appliesTo: [...LOAD_LIKE, 'fuel'],
    causal: 'reject',
    final: 'reject',
    // Share of demand: plants that stand still draw a little from the grid.
    limits: { fuelTolerance: 0.02, mayBeNegative: ['BAT', 'PS', 'SNB', 'UES', 'OES', 'OTH', 'UNK'] },
  },
  zero: {
    says: 'demand, forecast and generation of a whole region are never zero',
    appliesTo: LOAD_LIKE,
    causal: 'reject',
    final: 'reject',
    limits: {},
  },
  range: {
    says: '0.3 to 3 times the 30-day median (trailing for features, centred for scores); fuels and interchange within 3 times that of demand',
    appliesTo: EVERY,
    causal: 'reject',
    final: 'reject',
    // A week must be there before a median says anything.
    limits: { low: 0.3, high: 3, windowHours: 720, minimumHours: 168 },
  },
  flat_line: {
    says: 'no six equal values in a row',
    appliesTo: LOAD_LIKE,
    causal: 'reject',
    final: 'flag',
    limits: { hours: 6 },
  },
  spike: {
    says: 'no jump away from the hours before, the same hour yesterday and last week; for scores, away from two neighbours that agree',
    appliesTo: LOAD_LIKE,
    causal: 'reject',
    final: 'flag',
    // Regions change by at most 15 % an hour; after three refused hours a new level is believed.
    limits: { change: 0.35, neighbourHours: 3, agreement: 0.2 },
  },
  energy_balance: {
    says: 'demand = net generation − net interchange, within a share of demand',
    appliesTo: ['demand', 'generation', 'interchange'],
    causal: 'reject',
    final: 'flag',
    limits: { flagAbove: 0.1, rejectAbove: 0.3 },
  },
  shifted: {
    says: "the forecast's hourly changes fit those of demand better one hour earlier or later",
    appliesTo: ['forecast'],
    causal: 'reject',
    final: 'off',
    limits: { windowHours: 168, minimumHours: 96, gain: 0.8, clip: 0.1 },
  },
  biased: {
    says: "the forecast's error over the last two weeks is beyond what any operator's is",
    appliesTo: ['forecast'],
    causal: 'reject',
    final: 'off',
    limits: { windowHours: 336, minimumHours: 72, error: 0.22 },
  },
};

/** The rules with some limits and effects changed. */
export function rulesWith(changes: RuleChanges = {}): Rules {
  const changed = Object.entries(RULES).map(([name, rule]: [string, Rule<object>]) => {
    const { limits, ...effects }: Partial<Rule<object>> = changes[name as keyof RuleChanges] ?? {};
    return [name, { ...rule, ...effects, limits: { ...rule.limits, ...limits } }];
  });
  return Object.fromEntries(changed) as Rules;
}

export const codeOf = (verdict: Verdict): number => VERDICTS.indexOf(verdict);
