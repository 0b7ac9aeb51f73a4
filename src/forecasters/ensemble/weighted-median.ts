/**
 * The least value with half of the weight or more up to it, by quickselect: sorting all of them costs five times as
 * much, and a fit of weights asks some thousand times. Reorders both; weights are not negative.
 */
export function weightedMedian(values: Float64Array, weights: Float64Array): number {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i]!;
  const half = total / 2;
  let below = 0; // the weight of what lies left of `from`
  let [from, to] = [0, values.length - 1];
  while (from < to) {
    const pivot = middleOf(values[from]!, values[(from + to) >>> 1]!, values[to]!);
    let [i, j] = [from, to];
    let passed = 0; // the weight of from … i − 1, none of it above the pivot
    while (i <= j) {
      while (values[i]! < pivot) passed += weights[i++]!;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      swap(values, i, j);
      swap(weights, i, j--);
      passed += weights[i++]!;
    }
    // Left of i nothing lies above the pivot, right of j nothing below it; between them stands the pivot itself.
    const upToJ = j === i - 2 ? passed - weights[i - 1]! : passed;
    if (below + upToJ >= half) to = j;
    else if (j === i - 2 && below + passed >= half) return pivot;
    else {
      below += passed;
      from = i;
    }
  }
  return values[Math.min(from, values.length - 1)]!;
}

const middleOf = (a: number, b: number, c: number) => Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));

function swap(array: Float64Array, i: number, j: number): void {
  const value = array[i]!;
  array[i] = array[j]!;
  array[j] = value;
}
