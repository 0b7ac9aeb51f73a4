import { benjaminiHochberg } from '../statistics/benjamini-hochberg.ts';
import { binOf, quantileBins } from '../statistics/bins.ts';
import { momentsOf } from '../statistics/effect-size.ts';
import { chiSquareTail } from '../statistics/gamma.ts';
import { pageHinkley, type PageHinkley } from '../statistics/page-hinkley.ts';
import type { Column } from './table.ts';

/** How the mean residual, given one input, differs from what it was at the same values of that input. */
export interface ResidualDrift {
  feature: string;
  statistic: number;
  p: number;
  adjustedP: number;
  /** Cohen's f: root mean square of the shifts, in standard deviations of the reference's residuals. */
  effect: number;
}

/** Fewer rows than this in a bin say nothing of its mean. */
const LEAST_IN_BIN = 5;

/**
 * Residuals given inputs: within bins of each input by its reference's quantiles, do residuals have the mean that they
 * had? Σ (difference of means)² / its variance, against chi-square of as many degrees of freedom as there are bins.
 */
export function compareResiduals(
  reference: { columns: readonly Column[]; residuals: Float64Array },
  current: { columns: readonly Column[]; residuals: Float64Array },
  bins: number,
): ResidualDrift[] {
  const deviation = Math.sqrt(momentsOf(reference.residuals).variance);
  const found = reference.columns.flatMap((column, c) => {
    const of = groupsOf(column, bins);
    const before = byGroup(of, column, reference.residuals);
    const now = byGroup(of, current.columns[c]!, current.residuals);
    let [statistic, freedom, squares, counted] = [0, 0, 0, 0];
    for (const [group, values] of now) {
      const were = before.get(group) ?? [];
      if (values.length < LEAST_IN_BIN || were.length < LEAST_IN_BIN) continue;
      const [x, y] = [momentsOf(were), momentsOf(values)];
      const variance = x.variance / x.count + y.variance / y.count;
      if (!(variance > 0)) continue;
      statistic += (y.mean - x.mean) ** 2 / variance;
      freedom += 1;
      squares += values.length * (y.mean - x.mean) ** 2;
      counted += values.length;
    }
    if (freedom === 0 || deviation === 0) return [];
    const p = chiSquareTail(statistic, freedom);
    return [{ feature: column.name, statistic, p, effect: Math.sqrt(squares / counted) / deviation }];
  });
  const adjusted = benjaminiHochberg(found.map(({ p }) => p));
  return found.map((one, i) => ({ ...one, adjustedP: adjusted[i]! }));
}

/**
 * In standard deviations of the reference: a rise of half of one is tolerated, the excess may sum up to 15, and a row counts
 * as four at most: where errors have long tails, a few rows would else be an alarm.
 */
const STREAM = { tolerance: 0.5, limit: 15, most: 4, mean: 0 };

/** The size of the error, row after row, against its mean of the reference: rows must be in the order of time. */
export function errorStream(reference: Float64Array, current: Float64Array): PageHinkley {
  const { mean, variance } = momentsOf(reference.map(Math.abs));
  const deviation = Math.sqrt(variance) || 1;
  const scaled = current.map((residual) => (Math.abs(residual) - mean) / deviation);
  return pageHinkley(scaled, STREAM);
}

type GroupOf = (value: number | string | null) => string | null;

function groupsOf(column: Column, bins: number): GroupOf {
  if (column.type === 'category') return (value) => value as string | null;
  const there = column.values.filter((value) => !Number.isNaN(value));
  if (there.length === 0) return () => null;
  const { edges } = quantileBins(there, bins);
  return (value) => (Number.isNaN(value) ? null : String(binOf(edges, value as number)));
}

function byGroup(of: GroupOf, { values }: Column, residuals: Float64Array): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [row, residual] of residuals.entries()) {
    const group = of(values[row]!);
    if (group === null) continue;
    const found = groups.get(group);
    if (found) found.push(residual);
    else groups.set(group, [residual]);
  }
  return groups;
}
