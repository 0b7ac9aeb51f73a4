import { DAY_HOURS } from './watched-series.ts';

/** A model's day-ahead answers with what came of them, in order; MW, NaN where there is no value. */
export interface ScoredHours {
  /** Hour ends, seconds since 1970. */
  validAt: Float64Array;
  actual: Float64Array;
  model: Float64Array;
  operator: Float64Array;
  /** The same hour a week before: what no model has a part in. */
  naive: Float64Array;
}

export function hoursWhere(hours: ScoredHours, takes: (row: number) => boolean): ScoredHours {
  const rows = [...hours.validAt.keys()].filter(takes);
  const pick = (values: Float64Array) => Float64Array.from(rows, (row) => values[row]!);
  return {
    validAt: pick(hours.validAt),
    actual: pick(hours.actual),
    model: pick(hours.model),
    operator: pick(hours.operator),
    naive: pick(hours.naive),
  };
}

/** Those that have both the model's answer and what came. */
export const whole = (hours: ScoredHours): ScoredHours =>
  hoursWhere(hours, (row) => hours.actual[row]! > 0 && hours.model[row]! > 0);

/** Hours by days of 24 from the first one on, each with its rows; days that lack more than a quarter are left out. */
export function daysOf({ validAt }: ScoredHours): { at: number; rows: number[] }[] {
  const days = new Map<number, number[]>();
  const daySeconds = DAY_HOURS * 3600;
  for (const [row, at] of validAt.entries()) {
    const day = Math.floor((at - validAt[0]!) / daySeconds);
    days.set(day, [...(days.get(day) ?? []), row]);
  }
  return [...days]
    .filter(([, rows]) => rows.length >= 0.75 * DAY_HOURS)
    .map(([day, rows]) => ({ at: validAt[0]! + day * daySeconds, rows }));
}

/** Mean of |error| / actual; NaN without hours. */
export function mapeOf(hours: ScoredHours, by: 'model' | 'naive' | 'operator'): number {
  let [sum, counted] = [0, 0];
  for (const [row, actual] of hours.actual.entries()) {
    const error = Math.abs(hours[by][row]! - actual) / actual;
    if (!Number.isFinite(error)) continue;
    sum += error;
    counted += 1;
  }
  return counted === 0 ? Number.NaN : sum / counted;
}
