import type { HourTable } from '../../backtest/hours.ts';
import { REGIONS } from '../../contracts/regions.ts';
import { HOUR_SECONDS } from '../../contracts/time.ts';
import type { Fan } from '../fan.ts';
import type { Markup } from '../html.ts';
import { Plot, drawn } from './plot.ts';

/** Pairs of levels, widest first, and how dark they are. */
const BANDS = [
  [0.05, 0.95, 0.16],
  [0.1, 0.9, 0.18],
  [0.3, 0.7, 0.22],
] as const;

/** A model's intervals and median, and what came true, over rows `from` to `to` (excluded), in local standard time. */
export function fanChart(table: HourTable, fan: Fan, from: number, to: number, label: string): Markup {
  const offset = REGIONS[table.region].standardOffsetHours * HOUR_SECONDS;
  const first = table.validAt[from]!;
  // One place an hour, so that hours that are not scored leave a gap.
  const hours = (table.validAt[to - 1]! - first) / HOUR_SECONDS + 1;
  const x = Array.from({ length: hours }, (_, i) => new Date((first + i * HOUR_SECONDS + offset) * 1000));
  const gigawatts = (values: Float64Array) => {
    const placed = new Float64Array(hours).fill(Number.NaN);
    for (let i = from; i < to; i++) placed[(table.validAt[i]! - first) / HOUR_SECONDS] = values[i]! / 1000;
    return placed;
  };
  const bands = BANDS.flatMap(([lower, upper, opacity]) => {
    const [low, high] = [fan.get(lower), fan.get(upper)];
    if (!low || !high) return [];
    const [y1, y2] = [gigawatts(low), gigawatts(high)];
    const at = Array.from(x, (_, i) => i);
    return [
      Plot.areaY(at, {
        x: (i: number) => x[i]!,
        y1: (i: number) => y1[i]!,
        y2: (i: number) => y2[i]!,
        fill: 'var(--model)',
        fillOpacity: opacity,
      }),
    ];
  });
  return drawn(label, {
    ...{ width: 860, height: 260, marginLeft: 44, marginTop: 26, marginBottom: 30 },
    x: {
      type: 'utc',
      label: null,
      tickSize: 0,
      ticks: x.filter((h) => h.getUTCHours() === 12),
      tickFormat: dayLabel,
    },
    y: { label: 'GW', grid: true, nice: true, ticks: 5, tickSize: 0 },
    marks: [
      Plot.ruleX(
        x.filter((hour) => hour.getUTCHours() === 0),
        { stroke: 'var(--rule)' },
      ),
      ...bands,
      Plot.lineY(gigawatts(table.forecasts.model), { x, stroke: 'var(--model)', strokeWidth: 1.4 }),
      Plot.lineY(gigawatts(table.actual), { x, stroke: 'var(--actual)', strokeWidth: 2 }),
    ],
  });
}

const dayLabel = (date: Date) =>
  new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  }).format(date);
