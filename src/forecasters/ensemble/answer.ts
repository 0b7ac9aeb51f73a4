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
  { weights, adaptation, spreads }: Rule,
  stored: Tracks,
  knownBy: number,
): Answer {
  const medians = forecasts.map((forecast) => forecast.medians);
  const newerErrors = memberErrors(table, medians, knownBy);
  const byIssue = adaptation
    ? weightsByIssue(table, continued(stored.memberErrors, newerErrors), adaptation, weights)
    : atEveryIssue(table, weights);
  const combined = combine(table, forecasts, byIssue, spreads);
  const newer = { memberErrors: newerErrors, ownErrors: ownErrors(table, combined.medians, knownBy) };
  if (!adaptation) return { combined, newer };
  return {
    combined: { ...combined, medians: corrected(table, combined.medians, stored.ownErrors, adaptation) },
    newer,
  };
}

/** N × M */
const atEveryIssue = ({ issuedAt }: IssueTable, weights: Float64Array) =>
  Float64Array.from({ length: issuedAt.length * weights.length }, (_, i) => weights[i % weights.length]!);
