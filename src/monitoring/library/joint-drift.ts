import { permutation, randomOf } from '../../model/random.ts';
import { energyTest, type EnergyTest } from '../statistics/energy-distance.ts';
import { momentsOf } from '../statistics/effect-size.ts';
import { present, type Table } from './table.ts';

/** Distances of so many points are made at once; of larger samples a seeded draw stands for the whole. */
const MOST_REFERENCE = 1000;
const MOST_CURRENT = 400;

export const PERMUTATIONS = 999;

/**
 * All numeric columns at once, in standard deviations of the reference, over rows that have all of them. Null where there
 * are fewer than two such columns or rows.
 */
export function compareJointly(reference: Table, current: Table, seed: number | string): EnergyTest | null {
  const scales = reference.columns.map((column) => {
    if (column.type !== 'number') return undefined;
    const { mean, variance } = momentsOf(present(column.values));
    return variance > 0 ? { mean, deviation: Math.sqrt(variance) } : undefined;
  });
  if (scales.filter(Boolean).length < 2) return null;
  const points = ({ rows, columns }: Table, most: number, side: string): Float64Array[] => {
    const all: Float64Array[] = [];
    for (let row = 0; row < rows; row++) {
      const point = columns.flatMap((column, c) => {
        const scale = scales[c];
        return scale ? [((column.values[row] as number) - scale.mean) / scale.deviation] : [];
      });
      if (point.every(Number.isFinite)) all.push(Float64Array.from(point));
    }
    if (all.length <= most) return all;
    const order = permutation(randomOf('rows', side, seed), all.length);
    return order.slice(0, most).map((row) => all[row]!);
  };
  const [before, now] = [
    points(reference, MOST_REFERENCE, 'reference'),
    points(current, MOST_CURRENT, 'current'),
  ];
  if (before.length < 2 || now.length < 2) return null;
  return energyTest(before, now, { permutations: PERMUTATIONS, seed });
}
