import { benjaminiHochberg } from '../statistics/benjamini-hochberg.ts';
import { countIn, quantileBins } from '../statistics/bins.ts';
import { chiSquareOfCounts, countCategories } from '../statistics/chi-square.ts';
import { cliffsDelta, cohensD } from '../statistics/effect-size.ts';
import { jensenShannonOfCounts } from '../statistics/jensen-shannon.ts';
import { kolmogorovSmirnov } from '../statistics/kolmogorov-smirnov.ts';
import { stabilityNoise, stabilityOfCounts } from '../statistics/population-stability.ts';
import { wassersteinDistance } from '../statistics/wasserstein.ts';
import { present, type Column } from './table.ts';

/** How one column differs from its reference. */
export interface FeatureDrift {
  feature: string;
  /** `ks` of numbers, `chi-square` of categories; `missing`: of the share of values that are not there. */
  test: 'ks' | 'chi-square' | 'missing';
  statistic: number;
  p: number;
  /** After Benjamini and Hochberg, over all tests of one look. */
  adjustedP: number;
  psi: number;
  /** What the index would be on average if nothing had changed, of samples of this size. */
  psiNoise: number;
  /** 0 to 1. */
  jensenShannon: number;
  /** In the column's own unit; null of categories. */
  wasserstein: number | null;
  effects: Effect[];
}

export interface Effect {
  name: "Cohen's d" | "Cliff's delta" | "Cramér's V" | "Cohen's f";
  size: number;
}

/** Compares columns with their reference, which has the same columns in the same order. */
export function compareColumns(
  reference: readonly Column[],
  current: readonly Column[],
  bins: number,
): FeatureDrift[] {
  const found = reference.flatMap((column, c) => testsOf(column, current[c]!, bins));
  const adjusted = benjaminiHochberg(found.map(({ p }) => p));
  return found.map((one, i) => ({ ...one, adjustedP: adjusted[i]! }));
}

type Unadjusted = Omit<FeatureDrift, 'adjustedP'>;

function testsOf(reference: Column, current: Column, bins: number): Unadjusted[] {
  const [before, now] = [missingIn(reference), missingIn(current)];
  const feature = reference.name;
  const tests: Unadjusted[] = [];
  const [left, right] = [reference.values.length - before, current.values.length - now];
  if (left > 0 && right > 0) {
    tests.push(
      reference.type === 'number'
        ? ofNumbers(feature, present(reference.values), present(current.values as Float64Array), bins)
        : ofCounts(
            feature,
            'chi-square',
            countCategories(
              reference.values.filter(isText),
              (current.values as (string | null)[]).filter(isText),
            ),
          ),
    );
  }
  if (before + now > 0) {
    tests.push(ofCounts(feature, 'missing', { reference: [left, before], current: [right, now] }));
  }
  return tests;
}

function ofNumbers(
  feature: string,
  reference: Float64Array,
  current: Float64Array,
  bins: number,
): Unadjusted {
  const cut = quantileBins(reference, bins);
  const [p, q] = [countIn(cut, reference), countIn(cut, current)];
  const { statistic, p: chance } = kolmogorovSmirnov(reference, current);
  return {
    ...{ feature, test: 'ks', statistic, p: chance },
    psi: stabilityOfCounts(p, q),
    psiNoise: stabilityNoise(reference.length, current.length, p.length),
    jensenShannon: jensenShannonOfCounts(p, q),
    wasserstein: wassersteinDistance(reference, current),
    effects: [
      { name: "Cliff's delta", size: cliffsDelta(reference, current) },
      { name: "Cohen's d", size: cohensD(reference, current) },
    ],
  };
}

function ofCounts(
  feature: string,
  test: 'chi-square' | 'missing',
  { reference, current }: { reference: number[]; current: number[] },
): Unadjusted {
  const { statistic, p, cramersV } = chiSquareOfCounts(reference, current);
  const [n, m] = [sum(reference), sum(current)];
  return {
    ...{ feature, test, statistic, p },
    psi: stabilityOfCounts(reference, current),
    psiNoise: stabilityNoise(n, m, reference.length),
    jensenShannon: jensenShannonOfCounts(reference, current),
    wasserstein: null,
    effects: [{ name: "Cramér's V", size: cramersV }],
  };
}

const missingIn = (column: Column) =>
  column.type === 'number'
    ? column.values.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0)
    : column.values.reduce((count, value) => count + (value === null ? 1 : 0), 0);

const isText = (value: string | null): value is string => value !== null;
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
