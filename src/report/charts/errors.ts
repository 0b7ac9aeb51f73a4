import type { RegionScores } from '../../backtest/scores.ts';
import { FORECASTER_STYLES } from '../forecasters.ts';
import type { Markup } from '../html.ts';
import { Plot, drawn } from './plot.ts';

const SMALL = { width: 400, height: 230, marginLeft: 34, marginRight: 8, marginTop: 30, marginBottom: 36 };

/** MAPE by the hour of the local day, which under the protocol is the lead time too. */
export function leadChart(scores: RegionScores): Markup {
  const points = [...scores.byLead].sort((a, b) => a.localHour - b.localHour);
  return drawn(`${scores.region}: mean absolute percentage error by hour of the local standard day`, {
    ...SMALL,
    x: { label: 'hour of the local day (ending)', domain: [1, 24], ticks: [1, 6, 12, 18, 24], tickSize: 0 },
    y: errorAxis(points),
    marks: errorLines(points, ({ localHour }) => localHour),
  });
}

/** MAPE by month. */
export function monthChart(scores: RegionScores): Markup {
  const points = scores.byMonth;
  const years = new Set(points.map(({ month }) => month.slice(0, 4)));
  const format = new Intl.DateTimeFormat('en-GB', {
    month: points.length > 6 ? 'narrow' : 'short',
    ...(years.size > 1 ? { year: '2-digit' as const } : {}),
    timeZone: 'UTC',
  });
  return drawn(`${scores.region}: mean absolute percentage error by month`, {
    ...SMALL,
    x: {
      type: 'point',
      label: null,
      tickSize: 0,
      domain: points.map(({ month }) => month),
      tickFormat: (month: string) => format.format(new Date(`${month}-15`)),
    },
    y: errorAxis(points),
    marks: errorLines(points, ({ month }) => month),
  });
}

type Point = RegionScores['byLead'][number] | RegionScores['byMonth'][number];

function errorAxis(points: readonly Point[]): Plot.ScaleOptions {
  const errors = points.flatMap(({ mape }) =>
    FORECASTER_STYLES.flatMap(({ name }) => (mape[name] === null ? [] : [mape[name]])),
  );
  return { label: '%', grid: true, ticks: 4, tickSize: 0, domain: [0, Math.max(...errors, 1)], nice: true };
}

/** Baselines first, so that the model is drawn over them. */
function errorLines<P extends Point>(points: readonly P[], x: (point: P) => string | number): Plot.Markish[] {
  return FORECASTER_STYLES.toReversed().map(({ name, color, width, dash }) =>
    Plot.lineY([...points], {
      x,
      y: (point: P) => point.mape[name] ?? Number.NaN,
      stroke: color,
      strokeWidth: width,
      strokeDasharray: dash,
    }),
  );
}
