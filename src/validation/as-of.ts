import type { RawRows } from './vintages.ts';

/** More than any moment in seconds: a series and an hour make one number. */
const KEYS_PER_SERIES = 2 ** 44;

/**
 * The rows as somebody has them who looks at the record at `asOf` (seconds since 1970 UTC): nothing that became known
 * later, and an hour's first value counts from `byRule`, the moment at which it is published by rule, where it was
 * seen only after it. Who looks at `asOf` has it, and a model was trained on rows that have their values by rule.
 * Revisions keep their own times.
 */
export function knownBy(
  rows: RawRows,
  asOf: number,
  byRule: (series: string, validAt: number) => number,
): RawRows {
  // Plain loops over indices: this runs over all rows of a region for every forecast.
  const kept: number[] = [];
  for (let row = 0; row < rows.length; row++) if (rows.availableAt[row]! <= asOf) kept.push(row);
  const ruleTime = (row: number) => byRule(rows.labels[rows.series[row]!]!, rows.validAt[row]!);
  const keyOf = (row: number) => rows.series[row]! * KEYS_PER_SERIES + rows.validAt[row]!;
  const isValue = (row: number) => !Number.isNaN(rows.value[row]!);
  const late = new Uint8Array(kept.length);
  const earliest = new Map<number, number>();
  kept.forEach((row, i) => {
    if (!(rows.availableAt[row]! > ruleTime(row))) return;
    late[i] = 1;
    if (isValue(row)) earliest.set(keyOf(row), Infinity);
  });
  if (earliest.size > 0) {
    for (const row of kept.filter(isValue)) {
      const found = earliest.get(keyOf(row));
      if (found !== undefined) earliest.set(keyOf(row), Math.min(found, rows.availableAt[row]!));
    }
  }
  const result = {
    ...{ length: kept.length, labels: rows.labels, series: new Int32Array(kept.length) },
    validAt: new Float64Array(kept.length),
    value: new Float64Array(kept.length),
    availableAt: new Float64Array(kept.length),
  };
  kept.forEach((row, i) => {
    const seen = rows.availableAt[row]!;
    result.series[i] = rows.series[row]!;
    result.validAt[i] = rows.validAt[row]!;
    result.value[i] = rows.value[row]!;
    result.availableAt[i] = late[i] === 1 && earliest.get(keyOf(row)) === seen ? ruleTime(row) : seen;
  });
  return result;
}
