import type { HourTable } from '../../backtest/hours.ts';
import { styleOf } from '../forecasters.ts';
import type { Markup } from '../html.ts';
import { Plot } from './plot.ts';
import { weekFrame } from './week-frame.ts';

/** Drawn under the actual demand; the model over it. */
const BESIDE = ['latestKnown', 'operator'] as const;

/** Forecast and actual demand over rows `from` to `to` (excluded) of a region's hours. */
export function weekChart(table: HourTable, from: number, to: number, label: string): Markup {
  const frame = weekFrame(table, from, to);
  const line = (values: Float64Array, stroke: string, strokeWidth: number, strokeDasharray?: string) =>
    Plot.lineY(frame.gigawatts(values), { x: frame.x, stroke, strokeWidth, strokeDasharray });
  return frame.drawn(label, [
    ...BESIDE.map((name) => {
      const { color, width, dash } = styleOf(name);
      return line(table.forecasts[name], color, width, dash);
    }),
    line(table.actual, 'var(--actual)', 2.4),
    line(table.forecasts.model, styleOf('model').color, styleOf('model').width),
  ]);
}
