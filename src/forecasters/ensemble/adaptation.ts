import { z } from 'zod';
import type { IssueTable } from '../../day-ahead/issue-table.ts';
import { continued, fadingMeans, trackOf, type Track } from './track.ts';

/**
 * How an ensemble follows what its members have lately been worth: weights as their recent errors to the power of
 * −`power` (Bates and Granger 1969 have 2), and so much (`correction`) of its own recent error at that hour taken back.
 */
export const adaptation = z.strictObject({
  power: z.number().positive(),
  halfLifeDays: z.number().positive(),
  correction: z.number().min(0).max(1),
});
export type Adaptation = z.infer<typeof adaptation>;

/** What is tried on the validation issues: how weights follow, and what is taken back. */
export const PACES: readonly Omit<Adaptation, 'correction'>[] = [2, 4, 6].flatMap((power) =>
  [14, 30].map((halfLifeDays) => ({ power, halfLifeDays })),
);
export const CORRECTIONS = [0, 0.15, 0.3] as const;

/** Of the ensemble's own error; shorter would chase the weather. */
const CORRECTION_HALF_LIFE_DAYS = 15;

/** Each member's mean absolute log error by issue. */
export function memberErrors(table: IssueTable, medians: readonly Float64Array[], knownBy: number): Track {
  const { horizon, actual } = table;
  return trackOf(table, medians.length, knownBy, (issue, into) => {
    medians.forEach((median, m) => {
      let [sum, hours] = [0, 0];
      for (let cell = issue * horizon; cell < (issue + 1) * horizon; cell++) {
        const error = Math.abs(Math.log(actual[cell]! / median[cell]!));
        if (!Number.isFinite(error)) continue;
        sum += error;
        hours++;
      }
      if (hours > 0) into[m] = sum / hours;
    });
  });
}

/** The ensemble's log error by issue and target hour. */
export function ownErrors(table: IssueTable, medians: Float64Array, knownBy: number): Track {
  const { horizon, actual } = table;
  return trackOf(table, horizon, knownBy, (issue, into) => {
    for (let h = 0; h < horizon; h++) {
      const error = Math.log(actual[issue * horizon + h]! / medians[issue * horizon + h]!);
      if (Number.isFinite(error)) into[h] = error;
    }
  });
}

/** N × M, each issue's from what was published when it was made; `fixed` where that is nothing. */
export function weightsByIssue(
  table: IssueTable,
  errors: Track,
  { power, halfLifeDays }: Adaptation,
  fixed: Float64Array,
): Float64Array {
  const members = errors.columns;
  const result = new Float64Array(table.issuedAt.length * members);
  table.issuedAt.forEach((moment, i) => {
    const recent = fadingMeans(errors, moment, halfLifeDays);
    const least = recent.reduce((a, b) => (b < a ? b : a), Infinity);
    const shares = recent.map((error) => (error > 0 ? (least / error) ** power : 0));
    const total = shares.reduce((a, b) => a + b, 0);
    for (let m = 0; m < members; m++) result[i * members + m] = total > 0 ? shares[m]! / total : fixed[m]!;
  });
  return result;
}

/** Medians moved by a share of the errors that were published when each issue was made. */
export function corrected(
  table: IssueTable,
  medians: Float64Array,
  stored: Track,
  { correction }: Adaptation,
): Float64Array {
  if (correction === 0) return medians;
  const errors = continued(stored, ownErrors(table, medians, Infinity));
  const result = new Float64Array(medians.length);
  table.issuedAt.forEach((moment, i) => {
    const recent = fadingMeans(errors, moment, CORRECTION_HALF_LIFE_DAYS);
    for (let h = 0; h < table.horizon; h++) {
      const cell = i * table.horizon + h;
      result[cell] = medians[cell]! * Math.exp(correction * (recent[h] || 0));
    }
  });
  return result;
}
