import { collectQuarantine, type QuarantinedRow } from './quarantine.ts';
import type { Rules, Verdict } from './rules.ts';
import { judgeRegion } from './region-judgements.ts';
import type { RawRows } from './vintages.ts';

/** A quarantined row and what changed rules say of it. */
export interface RejudgedRow extends QuarantinedRow {
  verdictNow: Verdict;
  /** Empty when the row would be let in. */
  reasonNow: string;
}

/** Judges quarantined rows again among all rows of their region, because a verdict depends on what lies around. */
export function rejudge(quarantined: readonly QuarantinedRow[], rows: RawRows, rules: Rules): RejudgedRow[] {
  const refused = new Map(
    collectQuarantine(rows, judgeRegion(rows, rules), rules).map((row) => [keyOf(row), row]),
  );
  return quarantined.map((row) => {
    const now = refused.get(keyOf(row));
    return { ...row, verdictNow: now?.verdict ?? 'ok', reasonNow: now?.reason ?? '' };
  });
}

const keyOf = ({ validAt, series, availableAt, value }: QuarantinedRow) =>
  `${series}/${validAt}/${availableAt}/${value}`;
