import type { GroupScores } from '../../backtest/rolling/document.ts';
import type { Markup } from '../html.ts';
import type { ColumnStyle } from '../rolling-styles.ts';
import { Plot, drawn } from './plot.ts';

const SMALL = { width: 400, height: 230, marginLeft: 34, marginRight: 8, marginTop: 30, marginBottom: 36 };

export interface BreakdownAxis {
  label: string | null;
  /** Few enough to be read; default: all. */
  ticks?: (string | number)[];
  tickFormat?: (key: string | number) => string;
}

/** MAPE by group, a line a forecaster; the first in `styles` is drawn over the others. */
export function breakdownChart(
  title: string,
  groups: readonly GroupScores[],
  styles: readonly ColumnStyle[],
  { label, ticks, tickFormat }: BreakdownAxis,
): Markup {
  const drawnValues = groups.flatMap(({ mape }) => styles.map(({ name }) => mape[name] ?? 0));
  return drawn(title, {
    ...SMALL,
    x: {
      type: 'point',
      label,
      tickSize: 0,
      domain: groups.map(({ key }) => key),
      ...(ticks ? { ticks } : {}),
      ...(tickFormat ? { tickFormat } : {}),
    },
    y: {
      label: '%',
      grid: true,
      ticks: 4,
      tickSize: 0,
      domain: [0, Math.max(...drawnValues, 1)],
      nice: true,
    },
    marks: styles.toReversed().flatMap(({ name, color, width, dash }) => {
      const value = ({ mape }: GroupScores) => mape[name] ?? Number.NaN;
      const line = Plot.lineY([...groups], {
        x: 'key',
        y: value,
        stroke: color,
        strokeWidth: width,
        strokeDasharray: dash,
      });
      // A line through few groups says where they are by dots.
      return groups.length > 12
        ? [line]
        : [line, Plot.dot([...groups], { x: 'key', y: value, fill: color, r: 2.2 })];
    }),
  });
}
