import type { IssueTable } from '../../day-ahead/issue-table.ts';

/** A column missing in more than this share of the rows gets an indicator of its own: its absence may say something. */
const MISSING_SHARE = 0.02;
/** Standardised values are cut here, so that a broken reading cannot carry a forecast away. */
const WIDEST = 6;

/** How one target hour's cells become the columns of a regression; the last column is the constant. */
export interface Design {
  /** F; 0 for a column without spread, which then counts for nothing. */
  means: Float64Array;
  scales: Float64Array;
  /** Columns that have an indicator of their absence. */
  indicators: Int32Array;
}

export const widthOf = ({ means, indicators }: Design) => means.length + indicators.length + 1;

/** The means and spreads of these cells' columns. `cells` name a table and a cell in it. */
export function designOf(cells: readonly (readonly [IssueTable, number])[]): Design {
  const width = cells[0]![0].columns.length;
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  const counts = new Float64Array(width);
  for (const [{ features }, cell] of cells) {
    for (let f = 0; f < width; f++) {
      const value = features[cell * width + f]!;
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
  return { means, scales, indicators: Int32Array.from(indicators) };
}

/** Writes a cell's regressors into `into` from `at` on. */
export function writeRegressors(
  { means, scales, indicators }: Design,
  features: Float32Array,
  from: number,
  into: Float64Array,
  at: number,
): void {
  const width = means.length;
  for (let f = 0; f < width; f++) {
    const value = (features[from + f]! - means[f]!) * scales[f]!;
    into[at + f] = value - value === 0 ? Math.max(-WIDEST, Math.min(WIDEST, value)) : 0;
  }
  for (let i = 0; i < indicators.length; i++) {
    const value = features[from + indicators[i]!]!;
    into[at + width + i] = value - value === 0 ? 0 : 1;
  }
  into[at + width + indicators.length] = 1;
}
