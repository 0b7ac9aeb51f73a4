import { HOUR_SECONDS } from '../../contracts/time.ts';
import type { Baseline } from './baseline-hours.ts';
import { chanceAmong, medianOf } from './calibration.ts';
import type { RowRange } from './same-weeks.ts';
import { emptyByHour, seasonalDistance, type ByHour } from './seasonal-distance.ts';
import type { ScoredHours } from './scored-hours.ts';
import { DAY_HOURS, localHour, logRatio } from './watched-series.ts';

/** How what the model says differs from what it said in its backtest. */
export interface PredictionDrift {
  hours: number;
  against: Baseline['says'];
  psi: number;
  ks: number;
  delta: number;
  usual: { psi: number; ks: number; windows: number };
  p: number | null;
}

const WEEK_ROWS = 7 * DAY_HOURS;

/**
 * Forecasts as ratios to demand a week before, by hour of the day, window against baseline. What distances are usual, the
 * record says: demand itself as such ratios, between windows of as many hours that lie as far apart as these two.
 */
export function predictionDrift(
  record: { region: string; first: number; demand: Float64Array },
  window: ScoredHours,
  { hours: baseline, says }: Baseline,
  asOfRow: number,
): PredictionDrift | null {
  const ratios = ({ validAt, model, naive }: ScoredHours): ByHour => {
    const byHour = emptyByHour();
    for (const [row, at] of validAt.entries()) {
      const ratio = logRatio(model[row]!, naive[row]!);
      if (Number.isFinite(ratio)) byHour[localHour(at, record.region)]!.push(ratio);
    }
    return byHour;
  };
  const found = seasonalDistance(ratios(window), ratios(baseline));
  if (!found) return null;
  const rowOf = (at: number) => Math.round((at - record.first) / HOUR_SECONDS);
  const spanOf = ({ validAt }: ScoredHours): RowRange => ({
    from: rowOf(validAt[0]!),
    to: rowOf(validAt.at(-1)!) + 1,
  });
  const past = pastDistances(record, spanOf(window), spanOf(baseline), asOfRow);
  const independent = (past.length * WEEK_ROWS) / Math.max(window.validAt.length, WEEK_ROWS);
  const p = chanceAmong(
    found.ks,
    past.map(({ ks }) => ks),
    independent,
  );
  return {
    ...found,
    ...{ against: says, p },
    usual: {
      psi: medianOf(past.map(({ psi }) => psi)),
      ks: medianOf(past.map(({ ks }) => ks)),
      windows: past.length,
    },
  };
}

/** Longer than this a baseline's season is one of many; its hours next to the window's weeks stand for it. */
const MOST_BASELINE_ROWS = 13 * WEEK_ROWS;

function pastDistances(
  { region, first, demand }: { region: string; first: number; demand: Float64Array },
  window: RowRange,
  baseline: RowRange,
  asOfRow: number,
) {
  const firstHour = localHour(first, region);
  const length = Math.min(baseline.to - baseline.from, MOST_BASELINE_ROWS);
  const apart = Math.max(0, window.from - baseline.to);
  const ratios = ({ from, to }: RowRange): ByHour => {
    const byHour = emptyByHour();
    for (let row = from; row < to; row++) {
      const ratio = logRatio(demand[row]!, demand[row - WEEK_ROWS]!);
      if (Number.isFinite(ratio)) byHour[(firstHour + row) % DAY_HOURS]!.push(ratio);
    }
    return byHour;
  };
  const past = [];
  const windowRows = window.to - window.from;
  const reach = windowRows + apart + length + WEEK_ROWS;
  for (let to = Math.min(asOfRow, window.from); to - reach >= 0; to -= WEEK_ROWS) {
    const before = { from: to - windowRows - apart - length, to: to - windowRows - apart };
    const distance = seasonalDistance(ratios({ from: to - windowRows, to }), ratios(before));
    if (distance) past.push(distance);
  }
  return past;
}
