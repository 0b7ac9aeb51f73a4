import type { IssueTable } from '../../day-ahead/issue-table.ts';
import { corrected, memberErrors, ownErrors, weightsByIssue, type Adaptation } from './adaptation.ts';
import { combine, type Combined, type MemberForecast } from './combination.ts';
import { continued, type Track } from './track.ts';

/** What issues have turned out to be: the members' errors, and the ensemble's before it is corrected. */
export interface Tracks {
  /** I × M */
  memberErrors: Track;
  /** I × H */
  ownErrors: Track;
}

/** How the members' forecasts of one region become one. */
export interface Rule {
  /** M; what they are where nothing of late is known. */
  weights: Float64Array;
  /** Null where the weights stay. */
  adaptation: Adaptation | null;
  /** By member, H × levels: what a forecaster of medians is spread by. */
  spreads: Float64Array[];
}

export interface Answer {
  combined: Combined;
  /** Of the table's own issues, as far as they were published by `knownBy`. */
  newer: Tracks;
}

/** The members' forecasts as one, each issue by what was published of their errors when it was made. */
export function answerOf(
  table: IssueTable,
  forecasts: readonly MemberForecast[],
  rule: Rule,
  stored: Tracks,
  knownBy: number,
): Answer {
  const errors = memberErrors(
    table,
    forecasts.map(({ medians }) => medians),
    knownBy,
  );
  return correctedBy(mixOf(table, forecasts, rule, { stored, errors, knownBy }), rule.adaptation);
}

/** What the errors of a table's issues are, and those of before it. */
export interface Known {
  stored: Tracks;
  /** Of the members, as far as they were published by `knownBy`. */
  errors: Track;
  knownBy: number;
}

/** An answer of which nothing of the ensemble's own errors is taken back yet. */
export interface Mix extends Answer {
  table: IssueTable;
  stored: Tracks;
}

/** Depends on all of a rule but its correction. */
export function mixOf(
  table: IssueTable,
  forecasts: readonly MemberForecast[],
  { weights, adaptation, spreads }: Rule,
  { stored, errors, knownBy }: Known,
): Mix {
  const byIssue = adaptation
    ? weightsByIssue(table, continued(stored.memberErrors, errors), adaptation, weights)
    : atEveryIssue(table, weights);
  const combined = combine(table, forecasts, byIssue, spreads);
  const newer = { memberErrors: errors, ownErrors: ownErrors(table, combined.medians, knownBy) };
  return { combined, newer, table, stored };
}

/** Takes back what a rule takes back. */
export function correctedBy({ combined, newer, table, stored }: Mix, adaptation: Adaptation | null): Answer {
  if (!adaptation) return { combined, newer };
  return {
    combined: { ...combined, medians: corrected(table, combined.medians, stored.ownErrors, adaptation) },
    newer,
  };
}

/** N × M */
const atEveryIssue = ({ issuedAt }: IssueTable, weights: Float64Array) =>
  Float64Array.from({ length: issuedAt.length * weights.length }, (_, i) => weights[i % weights.length]!);
