import type { IssueTable } from '../../day-ahead/issue-table.ts';

/** A column missing in more than this share of the rows gets an indicator of its own: its absence may say something. */
const MISSING_SHARE = 0.02;
/** Standardised values are cut here, so that a broken reading cannot carry a forecast away. */
const WIDEST = 6;

/** How one target hour's cells become the rows of a regression; the last regressor is the constant. */
export interface Design {
  /** Where each value lies, from the first feature of the issue on. */
  places: Int32Array;
  /** By place; a scale of 0 for values without spread, which then count for nothing. */
  means: Float64Array;
  scales: Float64Array;
  /** Of the places, those that have an indicator of their absence. */
  indicators: Int32Array;
}

/** A cell of a table; its issue's features begin at `features[issueAt(cell)]`. */
export type Cell = readonly [IssueTable, number];

export const issueAt = ([{ horizon, columns }, cell]: Cell) => (cell - (cell % horizon)) * columns.length;

export const widthOf = ({ places, indicators }: Design) => places.length + indicators.length + 1;

/**
 * What a target hour is told: all columns of its own cell, and those in `shared` of every other hour of the day, since
 * an error in the morning tells of the evening too.
 */
export function placesOf(
  columns: readonly string[],
  horizon: number,
  hour: number,
  shared: readonly string[],
): Int32Array {
  const own = columns.map((_, f) => hour * columns.length + f);
  const others = Array.from({ length: horizon }, (_, other) => other).filter((other) => other !== hour);
  const rest = shared.flatMap((name) => {
    const f = columns.indexOf(name);
    return f < 0 ? [] : others.map((other) => other * columns.length + f);
  });
  return Int32Array.from([...own, ...rest]);
}

/** The means and spreads of these cells' values. */
export function designOf(cells: readonly Cell[], places: Int32Array): Design {
  const width = places.length;
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  const counts = new Float64Array(width);
  for (const cell of cells) {
    const { features } = cell[0];
    const from = issueAt(cell);
    for (let f = 0; f < width; f++) {
      const value = features[from + places[f]!]!;
      if (value - value !== 0) continue; // NaN and infinite
      sums[f]! += value;
      squares[f]! += value * value;
      counts[f]!++;
    }
  }
  const means = sums.map((sum, f) => (counts[f]! > 0 ? sum / counts[f]! : 0));
  const scales = squares.map((square, f) => {
    const variance = counts[f]! > 0 ? square / counts[f]! - means[f]! ** 2 : 0;
    return variance > 1e-10 * (1 + means[f]! ** 2) ? 1 / Math.sqrt(variance) : 0;
  });
  const missing = Array.from(counts, (count) => 1 - count / cells.length);
  const indicators = missing.flatMap((share, f) =>
    share > MISSING_SHARE && share < 1 - MISSING_SHARE ? [f] : [],
  );
  return { places, means, scales, indicators: Int32Array.from(indicators) };
}

/** Writes a cell's regressors into `into` from `at` on; `from` is where its issue's features begin. */
export function writeRegressors(
  { places, means, scales, indicators }: Design,
  features: Float32Array,
  from: number,
  into: Float64Array,
  at: number,
): void {
  const width = places.length;
  for (let f = 0; f < width; f++) {
    const value = (features[from + places[f]!]! - means[f]!) * scales[f]!;
    into[at + f] = value - value === 0 ? Math.max(-WIDEST, Math.min(WIDEST, value)) : 0;
  }
  for (let i = 0; i < indicators.length; i++) {
    const value = features[from + places[indicators[i]!]!]!;
    into[at + width + i] = value - value === 0 ? 0 : 1;
  }
  into[at + width + indicators.length] = 1;
}
