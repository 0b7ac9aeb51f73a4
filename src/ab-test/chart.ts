import { Plot, drawn } from '../report/charts/plot.ts';
import type { Markup } from '../report/html.ts';
import type { Point } from './evaluation.ts';

const SIZE = { width: 820, height: 320, marginLeft: 48, marginRight: 16, marginTop: 26, marginBottom: 40 };

/** The confidence sequence of the improvement as users came in; the lines are none, and what was asked for. */
export function sequenceChart(
  points: readonly Point[],
  { threshold, factor, unit }: { threshold: number; factor: number; unit: string },
): Markup {
  const scaled = points.map(({ units, estimate, low, high }) => ({
    ...{ units, estimate: factor * estimate, low: factor * low, high: factor * high },
  }));
  // The first looks are too wide to be of use on a chart: it is cut at three times what was asked for.
  const last = scaled.at(-1)!;
  const reach = Math.max(3 * factor * threshold, Math.abs(last.low), Math.abs(last.high));
  const cut = (value: number) => Math.max(-reach, Math.min(reach, value));
  return drawn('The improvement of the treatment with its confidence sequence, by users with an outcome', {
    ...SIZE,
    x: { label: 'users with an outcome', tickSize: 0, ticks: 6 },
    y: { label: `improvement, ${unit}`, grid: true, ticks: 6, tickSize: 0, domain: [-reach, reach] },
    marks: [
      Plot.areaY(scaled, {
        ...{ x: 'units', y1: ({ low }: Point) => cut(low), y2: ({ high }: Point) => cut(high) },
        ...{ fill: 'var(--model)', fillOpacity: 0.2 },
      }),
      Plot.ruleY([0], { stroke: 'currentColor' }),
      Plot.ruleY([factor * threshold], { stroke: 'var(--operator)', strokeDasharray: '4 3' }),
      Plot.lineY(scaled, {
        ...{ x: 'units', y: ({ estimate }: Point) => cut(estimate) },
        ...{ stroke: 'var(--model)', strokeWidth: 2 },
      }),
    ],
  });
}
