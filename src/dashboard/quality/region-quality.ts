import { daysOf, hoursWhere, mapeOf, type ScoredHours } from '../../monitoring/drift/scored-hours.ts';

/** Two weeks. */
const HOURS_SHOWN = 14 * 24;
const DAYS_SHOWN = 366;

type Values = (number | null)[];
type By = 'model' | 'operator' | 'naive';

/** Of a region; seconds since 1970, MW and percent. A value that is not there is null. */
export interface RegionQuality {
  region: string;
  /** The newest. */
  hours: { at: number[]; actual: Values; model: Values; operator: Values; naive: Values };
  /** Mean absolute percentage error, day by day. */
  days: { at: number[]; model: Values; operator: Values; naive: Values };
  /** Of all days. */
  mape: Record<By, number | null>;
  scoredHours: number;
}

export function regionQuality(region: string, hours: ScoredHours): RegionQuality {
  const last = hours.validAt.at(-1) ?? 0;
  const shown = hoursWhere(hours, (row) => hours.validAt[row]! > last - HOURS_SHOWN * 3600);
  const days = daysOf(hours).slice(-DAYS_SHOWN);
  const daily = (by: By) => days.map(({ rows }) => errorOf(hours, by, rows));
  const all = (by: By) => finite(100 * mapeOf(hours, by));
  return {
    region,
    hours: {
      at: [...shown.validAt],
      actual: values(shown.actual),
      model: values(shown.model),
      operator: values(shown.operator),
      naive: values(shown.naive),
    },
    days: {
      at: days.map(({ at }) => at),
      ...{ model: daily('model'), operator: daily('operator'), naive: daily('naive') },
    },
    mape: { model: all('model'), operator: all('operator'), naive: all('naive') },
    scoredHours: hours.validAt.length,
  };
}

/** Mean of |error| / actual of some rows, percent. */
function errorOf(hours: ScoredHours, by: By, rows: readonly number[]): number | null {
  let [sum, counted] = [0, 0];
  for (const row of rows) {
    const error = Math.abs(hours[by][row]! / hours.actual[row]! - 1);
    if (!Number.isFinite(error)) continue;
    sum += error;
    counted += 1;
  }
  return counted === 0 ? null : (100 * sum) / counted;
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);
const values = (array: Float64Array): Values => Array.from(array, finite);
