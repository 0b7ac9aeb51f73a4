/** Bin 0 is "missing"; values have bins 1 … 254, so that a bin fits a byte. */
export const MISSING_BIN = 0;
const VALUE_BINS = 254;

export interface BinnedTable {
  rows: number;
  columns: number;
  /** Column after column: a split reads one column of many rows. */
  bins: Uint8Array;
  /** Per column: bin b holds values in (thresholds[b − 2], thresholds[b − 1]]; the last bin has no upper end. */
  thresholds: Float32Array[];
}

/** `features` is rows × columns, row-major, NaN where missing. */
export function binTable(features: Float32Array, rows: number, columns: number): BinnedTable {
  const bins = new Uint8Array(rows * columns);
  const thresholds: Float32Array[] = [];
  const values = new Float32Array(rows);
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) values[row] = features[row * columns + column]!;
    const edges = thresholdsOf(values);
    thresholds.push(edges);
    for (let row = 0; row < rows; row++) bins[column * rows + row] = binOf(edges, values[row]!);
  }
  return { rows, columns, bins, thresholds };
}

/** The bin of a value: 1 + how many thresholds lie below it. */
export function binOf(thresholds: Float32Array, value: number): number {
  if (Number.isNaN(value)) return MISSING_BIN;
  let [low, high] = [0, thresholds.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= thresholds[middle]!) high = middle;
    else low = middle + 1;
  }
  return low + 1;
}

/** One bin a distinct value where they fit; else bins of about equal counts, where a frequent value has its own. */
function thresholdsOf(values: Float32Array): Float32Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const distinct: number[] = [];
  const upTo: number[] = []; // rows with a value up to distinct[i]
  for (let i = 0; i < sorted.length; i++) {
    if (i + 1 < sorted.length && sorted[i + 1] === sorted[i]) continue;
    distinct.push(sorted[i]!);
    upTo.push(i + 1);
  }
  const edges: number[] = [];
  let taken = 0;
  for (let i = 0; i + 1 < distinct.length; i++) {
    // What is left is shared out again after each bin, so one frequent value does not starve the others.
    const share = (sorted.length - taken) / (VALUE_BINS - edges.length);
    const full = upTo[i]! - taken >= share || upTo[i + 1]! - taken > 1.5 * share;
    if (distinct.length > VALUE_BINS && !full) continue;
    if (edges.length === VALUE_BINS - 1) break;
    edges.push(between(distinct[i]!, distinct[i + 1]!));
    taken = upTo[i]!;
  }
  return Float32Array.from(edges);
}

/** A float32 in [low, high): `low` goes left of it, `high` right. */
function between(low: number, high: number): number {
  const middle = Math.fround(low / 2 + high / 2);
  return middle >= low && middle < high ? middle : low;
}
