import type { HourTable } from '../../backtest/hours.ts';
import type { Fan } from '../fan.ts';
import type { Markup } from '../html.ts';
import { Plot } from './plot.ts';
import { weekFrame } from './week-frame.ts';

/** Pairs of levels, widest first, and how dark they are. */
const BANDS = [
  [0.05, 0.95, 0.16],
  [0.1, 0.9, 0.18],
  [0.3, 0.7, 0.22],
] as const;

/** A model's intervals and median, and what came true, over rows `from` to `to` (excluded). */
export function fanChart(table: HourTable, fan: Fan, from: number, to: number, label: string): Markup {
  const { x, gigawatts, drawn } = weekFrame(table, from, to);
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
  return drawn(label, [
    ...bands,
    Plot.lineY(gigawatts(table.forecasts.model), { x, stroke: 'var(--model)', strokeWidth: 1.4 }),
    Plot.lineY(gigawatts(table.actual), { x, stroke: 'var(--actual)', strokeWidth: 2 }),
  ]);
}
