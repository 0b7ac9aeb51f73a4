import type { RawRows } from '../../src/validation/index.ts';

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The rows that were known at a moment, and garbage in place of all that became known later, whatever hour it is
 * valid for: other values, other moments of publication, rows left out, and revisions of what was known. In no order.
 */
export function spoilAfter(rows: RawRows, now: number, random: () => number): RawRows {
  const source: number[] = [];
  const value: number[] = [];
  const availableAt: number[] = [];
  const put = (row: number, mw: number, at: number) => {
    source.push(row);
    value.push(mw);
    availableAt.push(at);
  };
  const later = () => now + 1 + Math.floor(1e6 * random());
  for (let row = rows.length - 1; row >= 0; row--) {
    const at = rows.availableAt[row]!;
    const mw = rows.value[row]!;
    if (at <= now) {
      put(row, mw, at);
      if (random() < 0.3) put(row, wild(mw, random), later());
    } else if (random() < 0.8) {
      put(row, random() < 0.8 ? wild(mw, random) : mw, random() < 0.5 ? at : later());
    }
  }
  return {
    length: source.length,
    labels: rows.labels,
    series: Int32Array.from(source, (row) => rows.series[row]!),
    validAt: Float64Array.from(source, (row) => rows.validAt[row]!),
    value: Float64Array.from(value),
    availableAt: Float64Array.from(availableAt),
  };
}

/** Some of it absurd, some of it believable. */
function wild(value: number, random: () => number): number {
  const choices = [Number.NaN, 0, -1e6, 1e9, Infinity, 1000, value * (0.5 + random()), value * 1.01];
  return choices[Math.floor(random() * choices.length)]!;
}
