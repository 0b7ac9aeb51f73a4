import type { HourTable } from '../backtest/hours.ts';
import { REGIONS } from '../contracts/regions.ts';
import { HOUR_SECONDS } from '../contracts/time.ts';

/** A local standard week, Monday to Sunday, of scored hours. */
export interface Week {
  kind: 'best' | 'typical' | 'worst';
  /** Rows of the hour table; `to` is excluded. */
  from: number;
  to: number;
  /** The model's, percent. */
  mape: number;
  /** Noon of Monday and of Sunday, local standard time read as UTC, seconds. */
  monday: number;
  sunday: number;
}

const WEEK_SECONDS = 7 * 24 * HOUR_SECONDS;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY = 4 * 24 * HOUR_SECONDS;
/** A week with more hours left out than a day's worth says little. */
const FEWEST_HOURS = 144;

/** The model's best, median and worst week of a region; fewer when there are fewer than three whole weeks. */
export function chosenWeeks(table: HourTable): Week[] {
  const offset = REGIONS[table.region].standardOffsetHours * HOUR_SECONDS;
  const weekOf = (row: number) =>
    // The hour ending at midnight closes its day.
    Math.floor((table.validAt[row]! + offset - HOUR_SECONDS - FIRST_MONDAY) / WEEK_SECONDS);
  const weeks: Omit<Week, 'kind'>[] = [];
  for (let from = 0, to = 0; from < table.validAt.length; from = to) {
    const week = weekOf(from);
    let sum = 0;
    for (to = from; to < table.validAt.length && weekOf(to) === week; to++) {
      sum += Math.abs(table.forecasts.model[to]! - table.actual[to]!) / table.actual[to]!;
    }
    if (to - from < FEWEST_HOURS) continue;
    const monday = FIRST_MONDAY + week * WEEK_SECONDS + 12 * HOUR_SECONDS;
    weeks.push({
      from,
      to,
      mape: (100 * sum) / (to - from),
      monday,
      sunday: monday + 6 * 24 * HOUR_SECONDS,
    });
  }
  weeks.sort((a, b) => a.mape - b.mape);
  const picks = new Map<number, Week['kind']>([
    [weeks.length - 1, 'worst'],
    [0, 'best'],
    [Math.floor(weeks.length / 2), 'typical'],
  ]);
  return (['typical', 'best', 'worst'] as const).flatMap((kind) =>
    [...picks].flatMap(([index, picked]) =>
      picked === kind && weeks[index] ? [{ kind, ...weeks[index] }] : [],
    ),
  );
}
