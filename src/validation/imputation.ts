const DAY = 24;
const WEEK = 168;

/** How gaps are filled, and how far a filled value is to be trusted. */
export const IMPUTATION = {
  /** The recent level is that of the last day, against the same hours a week earlier. */
  levelHours: DAY,
  minimumLevelHours: 6,
  /** A level may not more than double or halve in a week. */
  maximumLevelRatio: 2,
  /** Confidence halves with every day of a gap. */
  halfLifeHours: 24,
  confidence: { same_hour_last_week: 0.9, same_hour_yesterday: 0.7, last_value: 0.5 },
} as const;

export const IMPUTATION_METHODS = ['same_hour_last_week', 'same_hour_yesterday', 'last_value'] as const;
export type ImputationMethod = (typeof IMPUTATION_METHODS)[number];

export interface Imputed {
  /** MW; NaN only before the first value. */
  value: Float64Array;
  imputed: Uint8Array;
  /** Index into IMPUTATION_METHODS; −1 where nothing was filled. */
  method: Int32Array;
  /** 0 to 1; NaN where nothing was filled. */
  confidence: Float64Array;
}

/**
 * Fills each gap (NaN) from what lies before it, and from nothing else: the same hour last week, scaled by how the
 * last day compares with the same hours then; else the same hour yesterday; else the last value.
 */
export function imputeFromPast(values: Float64Array): Imputed {
  const hours = values.length;
  const result: Imputed = {
    value: values.slice(),
    imputed: new Uint8Array(hours),
    method: new Int32Array(hours).fill(-1),
    confidence: new Float64Array(hours).fill(Number.NaN),
  };
  let gap = 0;
  let level = 1;
  for (let hour = 0; hour < hours; hour++) {
    if (!Number.isNaN(values[hour]!)) {
      gap = 0;
      continue;
    }
    if (gap++ === 0) level = recentLevel(values, hour);
    fill(result, hour, gap, level);
  }
  return result;
}

function fill(result: Imputed, hour: number, gap: number, level: number): void {
  const at = (source: number) => (source >= 0 ? result.value[source]! : Number.NaN);
  const sources = [hour - WEEK, hour - DAY, hour - 1];
  const code = sources.findIndex((source) => !Number.isNaN(at(source)));
  if (code < 0) return;
  const source = sources[code]!;
  const method = IMPUTATION_METHODS[code]!;
  const fromGuess = result.imputed[source] === 1;
  // A filled value of last week carries the level of its own gap already.
  const scale = method === 'same_hour_last_week' && !fromGuess ? level : 1;
  result.value[hour] = at(source) * scale;
  result.imputed[hour] = 1;
  result.method[hour] = code;
  result.confidence[hour] =
    IMPUTATION.confidence[method] *
    0.5 ** ((gap - 1) / IMPUTATION.halfLifeHours) *
    (fromGuess ? result.confidence[source]! : 1);
}

/** The mean of the day before an hour over that of the same hours a week earlier; 1 where too few are there. */
function recentLevel(values: Float64Array, hour: number): number {
  let recent = 0;
  let weekAgo = 0;
  let pairs = 0;
  for (let i = Math.max(WEEK, hour - IMPUTATION.levelHours); i < hour; i++) {
    if (Number.isNaN(values[i]!) || Number.isNaN(values[i - WEEK]!)) continue;
    recent += values[i]!;
    weekAgo += values[i - WEEK]!;
    pairs++;
  }
  if (pairs < IMPUTATION.minimumLevelHours || weekAgo <= 0) return 1;
  const { maximumLevelRatio } = IMPUTATION;
  return Math.min(maximumLevelRatio, Math.max(1 / maximumLevelRatio, recent / weekAgo));
}
