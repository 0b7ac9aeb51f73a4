import type { SeriesSplit } from '../contracts/series.ts';
import { BadInputError } from '../errors.ts';
import { DAY_SECONDS, spellFrequency } from './times.ts';

/** Rows of a part, `to` excluded; its windows look back into the part before. */
export interface Part {
  from: number;
  to: number;
}

export interface Parts {
  train: Part;
  validation: Part;
  test: Part;
  /** Rows after the test part that months leave over. */
  unused: number;
}

/** A month of the literature: ETTh1 is 12/4/4 of these (Zhou et al. 2021, arXiv:2012.07436). */
const MONTH_DAYS = 30;

/**
 * The borders that published tables use. Months count from the first row; of fractions the training and the test part
 * are rounded down and the validation part is what is left between them.
 */
export function partsOf(rows: number, step: number, split: SeriesSplit): Parts {
  const [train, validation, test] =
    split.unit === 'months' ? monthRows(rows, step, split) : fractionRows(rows, split);
  const first = split.unit === 'months' ? train + validation : rows - test;
  return {
    train: { from: 0, to: train },
    validation: { from: train, to: train + validation },
    test: { from: first, to: first + test },
    unused: rows - first - test,
  };
}

function fractionRows(rows: number, { train, test }: SeriesSplit): [number, number, number] {
  const [first, last] = [Math.floor(rows * train), Math.floor(rows * test)];
  return [first, rows - first - last, last];
}

function monthRows(
  rows: number,
  step: number,
  { train, validation, test }: SeriesSplit,
): [number, number, number] {
  const month = (MONTH_DAYS * DAY_SECONDS) / step;
  const counts = [train, validation, test].map((months) => Math.floor(months * month)) as [
    number,
    number,
    number,
  ];
  const needed = counts.reduce((sum, count) => sum + count);
  if (needed <= rows) return counts;
  throw new BadInputError(
    `A split of ${train}/${validation}/${test} months of ${MONTH_DAYS} days needs ${needed} rows of ${spellFrequency(step)}; the series has ${rows}.`,
    'Split by shares, such as --split 0.7/0.1/0.2.',
  );
}

/**
 * First target row of every window, stride 1: none is left out. Inputs may lie in the part before, targets may not.
 */
export function originsOf(
  { from, to }: Part,
  context: number,
  horizon: number,
): { from: number; to: number } {
  return { from: Math.max(from, context), to: to - horizon + 1 };
}

export function windowsIn(part: Part, context: number, horizon: number): number {
  const { from, to } = originsOf(part, context, horizon);
  return Math.max(0, to - from);
}

/** Refuses a series that has no window in one of its parts, with the numbers that decide it. */
export function requireWindows(parts: Parts, rows: number, context: number, horizon: number): void {
  if (rows < context + horizon) {
    throw new BadInputError(
      `The series has ${rows} rows; a context of ${context} and a horizon of ${horizon} need at least ${context + horizon}.`,
      'Give more rows, or a shorter --context or --horizon.',
    );
  }
  for (const name of ['train', 'validation', 'test'] as const) {
    const part = parts[name];
    if (windowsIn(part, context, horizon) > 0) continue;
    const needed = horizon + Math.max(0, context - part.from);
    throw new BadInputError(
      `The ${name} part has ${part.to - part.from} rows of ${rows}; a horizon of ${horizon}${part.from < context ? ` after a context of ${context}` : ''} needs ${needed}.`,
      'Give more rows, another --split, or a shorter --horizon or --context.',
    );
  }
}
