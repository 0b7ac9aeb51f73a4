import type { HourTable } from '../../backtest/hours.ts';
import { REGIONS } from '../../contracts/regions.ts';
import { HOUR_SECONDS } from '../../contracts/time.ts';
import type { Markup } from '../html.ts';
import { Plot, drawn } from './plot.ts';

type Marks = Parameters<typeof drawn>[1]['marks'];

interface WeekFrame {
  /** In local standard time, whatever the clock that draws it. */
  x: Date[];
  gigawatts(megawatts: Float64Array): Float64Array;
  drawn(label: string, marks: NonNullable<Marks>): Markup;
}

/** Where rows `from` to `to` (excluded) of a region's hours are drawn, day by day. */
export function weekFrame(table: HourTable, from: number, to: number): WeekFrame {
  const offset = REGIONS[table.region].standardOffsetHours * HOUR_SECONDS;
  const first = table.validAt[from]!;
  // One place an hour, so that hours that are not scored leave a gap rather than a straight line.
  const hours = (table.validAt[to - 1]! - first) / HOUR_SECONDS + 1;
  const x = Array.from({ length: hours }, (_, i) => new Date((first + i * HOUR_SECONDS + offset) * 1000));
  const at = (hour: number) => x.filter((date) => date.getUTCHours() === hour);
  return {
    x,
    gigawatts(megawatts) {
      const placed = new Float64Array(hours).fill(Number.NaN);
      for (let i = from; i < to; i++) {
        placed[(table.validAt[i]! - first) / HOUR_SECONDS] = megawatts[i]! / 1000;
      }
      return placed;
    },
    drawn: (label, marks) =>
      drawn(label, {
        ...{ width: 860, height: 260, marginLeft: 44, marginTop: 26, marginBottom: 30 },
        x: { type: 'utc', label: null, tickSize: 0, ticks: at(12), tickFormat: dayLabel },
        y: { label: 'GW', grid: true, nice: true, ticks: 5, tickSize: 0 },
        marks: [Plot.ruleX(at(0), { stroke: 'var(--rule)' }), ...marks],
      }),
  };
}

const dayLabel = (date: Date) =>
  new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  }).format(date);
