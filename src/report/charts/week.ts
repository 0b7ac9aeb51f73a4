import type { HourTable } from '../../backtest/hours.ts';
import { REGIONS } from '../../contracts/regions.ts';
import { HOUR_SECONDS } from '../../contracts/time.ts';
import { styleOf } from '../forecasters.ts';
import type { Markup } from '../html.ts';
import { Plot, drawn } from './plot.ts';

/** Drawn under the actual demand; the model over it. */
const BESIDE = ['latestKnown', 'operator'] as const;

/** Forecast and actual demand over rows `from` to `to` (excluded) of a region's hours, in local standard time. */
export function weekChart(table: HourTable, from: number, to: number, label: string): Markup {
  const offset = REGIONS[table.region].standardOffsetHours * HOUR_SECONDS;
  const first = table.validAt[from]!;
  // One place an hour, so that hours that are not scored leave a gap rather than a straight line.
  const hours = (table.validAt[to - 1]! - first) / HOUR_SECONDS + 1;
  const x = Array.from({ length: hours }, (_, i) => new Date((first + i * HOUR_SECONDS + offset) * 1000));
  const gigawatts = (values: Float64Array) => {
    const placed = new Float64Array(hours).fill(Number.NaN);
    for (let i = from; i < to; i++) placed[(table.validAt[i]! - first) / HOUR_SECONDS] = values[i]! / 1000;
    return placed;
  };
  const line = (values: Float64Array, stroke: string, strokeWidth: number, strokeDasharray?: string) =>
    Plot.lineY(gigawatts(values), { x, stroke, strokeWidth, strokeDasharray });
  return drawn(label, {
    width: 860,
    height: 260,
    marginLeft: 44,
    marginTop: 26,
    marginBottom: 30,
    x: { type: 'utc', label: null, tickSize: 0, ticks: noons(x), tickFormat: dayLabel },
    y: { label: 'GW', grid: true, nice: true, ticks: 5, tickSize: 0 },
    marks: [
      Plot.ruleX(midnights(x), { stroke: 'var(--rule)' }),
      ...BESIDE.map((name) => {
        const { color, width, dash } = styleOf(name);
        return line(table.forecasts[name], color, width, dash);
      }),
      line(table.actual, 'var(--actual)', 2.4),
      line(table.forecasts.model, styleOf('model').color, styleOf('model').width),
    ],
  });
}

const noons = (hours: readonly Date[]) => hours.filter((hour) => hour.getUTCHours() === 12);
const midnights = (hours: readonly Date[]) => hours.filter((hour) => hour.getUTCHours() === 0);

const dayLabel = (date: Date) =>
  new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  }).format(date);
