import { HOUR_SECONDS } from '../contracts/time.ts';

/** A stretch of rows put through the model at once, and the rows whose predictions are read from it. */
export interface ReadWindow {
  from: number;
  /** Excluded. */
  to: number;
  /** Rows of the whole table, ascending, all inside the window. */
  read: number[];
}

/**
 * Covers the rows at which forecasts are issued by overlapping windows of at most `length` rows. The model is
 * causal, so one window serves every issue in its last third: each is read with at least two thirds of a window
 * of history before it (or all there is, at the very beginning of the record).
 */
export function planWindows(issues: readonly number[], length: number, rows: number): ReadWindow[] {
  const context = Math.ceil((2 * length) / 3);
  const windows: ReadWindow[] = [];
  for (const issue of issues) {
    const last = windows.at(-1);
    if (last && issue < last.to) {
      last.read.push(issue);
      continue;
    }
    const from = Math.max(0, issue - context);
    windows.push({ from, to: Math.min(rows, from + length), read: [issue] });
  }
  return windows;
}

/**
 * The same by windows whose place in time does not depend on what is asked for, so that what was read of a whole one
 * can stand for another record with the same hours: every third of a window is read from the window that ends with it.
 * `first` is the first row's hour end, seconds since 1970 UTC.
 */
export function fixedWindows(
  issues: readonly number[],
  length: number,
  rows: number,
  first: number,
): (ReadWindow & { whole: boolean })[] {
  const third = Math.floor(length / 3);
  const before = first / HOUR_SECONDS;
  const windows = new Map<number, ReadWindow & { whole: boolean }>();
  for (const issue of issues) {
    const end = Math.floor((before + issue) / third + 1) * third - before;
    const window = windows.get(end) ?? {
      from: Math.max(0, end - length),
      to: Math.min(rows, end),
      read: [],
      whole: end <= rows,
    };
    window.read.push(issue);
    windows.set(end, window);
  }
  return [...windows.values()];
}
