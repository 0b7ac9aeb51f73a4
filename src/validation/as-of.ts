import type { RawRows } from './vintages.ts';

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
  const kept = Array.from(rows.availableAt.keys()).filter((row) => rows.availableAt[row]! <= asOf);
  const ruleTime = (row: number) => byRule(rows.labels[rows.series[row]!]!, rows.validAt[row]!);
  const keyOf = (row: number) => `${rows.series[row]!}/${rows.validAt[row]!}`;
  const isValue = (row: number) => !Number.isNaN(rows.value[row]!);
  const lateHours = new Map<string, number>();
  for (const row of kept) {
    if (isValue(row) && rows.availableAt[row]! > ruleTime(row)) lateHours.set(keyOf(row), Infinity);
  }
  if (lateHours.size > 0) {
    for (const row of kept.filter(isValue)) {
      const earliest = lateHours.get(keyOf(row));
      if (earliest !== undefined) lateHours.set(keyOf(row), Math.min(earliest, rows.availableAt[row]!));
    }
  }
  const firstLate = (row: number) =>
    lateHours.size > 0 &&
    rows.availableAt[row]! > ruleTime(row) &&
    lateHours.get(keyOf(row)) === rows.availableAt[row]!;
  return {
    length: kept.length,
    labels: rows.labels,
    series: Int32Array.from(kept, (row) => rows.series[row]!),
    validAt: Float64Array.from(kept, (row) => rows.validAt[row]!),
    value: Float64Array.from(kept, (row) => rows.value[row]!),
    availableAt: Float64Array.from(kept, (row) => (firstLate(row) ? ruleTime(row) : rows.availableAt[row]!)),
  };
}
