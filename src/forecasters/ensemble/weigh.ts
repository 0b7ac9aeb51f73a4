import type { IssueTable } from '../../day-ahead/issue-table.ts';
import { BadInputError } from '../../errors.ts';
import { isKnown } from '../cells.ts';
import type { FitContext, FittedForecaster } from '../forecaster.ts';
import { breathe } from '../pause.ts';
import { CORRECTIONS, memberErrors, PACES, weightsByIssue } from './adaptation.ts';
import { correctedBy, mixOf, type Answer, type Known, type Rule } from './answer.ts';
import { residualsOf } from './calibration.ts';
import { errorQuantiles, forecastOf, noForecast, type Combined, type MemberForecast } from './combination.ts';
import type { RegionState } from './region-state.ts';
import { noTrack, type Track } from './track.ts';
import { crossFittedMape, fitWeights, mapeOf } from './weights.ts';

/** A member that has no value for more of the hours cannot be weighed against the others. */
const LEAST_SHARE = 0.9;
/** Members that hardly ever count do not count at all. */
const LEAST_MEAN_SHARE = 0.02;

/**
 * So much less must weights that stay err to be kept. Following is insurance against a member that goes wrong, and in
 * most validation years none does: level there, it errs less in the half years after (docs/decisions.md).
 */
export const STAYING_MUST_GAIN = 0.05;

/** A region's members weighed on its validation issues. */
export interface Weighed extends RegionState {
  forecasts: MemberForecast[];
  combined: Combined;
}

/**
 * Weighs members on the issues of a table that they were not fitted on, by the rule that errs least there: one of those
 * that follow recent errors, or weights that stay, where these err clearly less on hours that they were not fitted on.
 */
export async function weigh(
  table: IssueTable,
  members: readonly FittedForecaster[],
  knownBy: number,
  { seed, signal }: FitContext,
): Promise<Weighed> {
  const forecasts: MemberForecast[] = [];
  for (const member of members) {
    await breathe(signal);
    forecasts.push(await forecastOf(member, table));
  }
  const { able, common } = comparable(table, forecasts, knownBy);
  const ratiosOf = (medians: Float64Array) =>
    Float64Array.from(common, (cell) => medians[cell]! / table.actual[cell]!);
  const staying = new Float64Array(members.length);
  const ratios = able.map((m) => ratiosOf(forecasts[m]!.medians));
  const fitted = fitWeights(ratios, seed);
  able.forEach((m, i) => (staying[m] = fitted[i]!));
  const equal = staying.map((_, m) => (able.includes(m) ? 1 / able.length : 0));
  const spreads = forecasts.map(({ medians }) => errorQuantiles(table, medians, knownBy));
  const asked = forecasts.map((forecast, m) => (able.includes(m) ? forecast : noForecast(table)));
  const known: Known = {
    stored: { memberErrors: noTrack(members.length), ownErrors: noTrack(table.horizon) },
    errors: memberErrors(
      table,
      asked.map(({ medians }) => medians),
      knownBy,
    ),
    knownBy,
  };
  const errorOf = ({ combined: { medians } }: Answer) => mapeOf([ratiosOf(medians)], [1]);
  let rule: Rule = { weights: staying, adaptation: null, spreads };
  let best: Answer = correctedBy(mixOf(table, asked, rule, known), null);
  let least = crossFittedMape(ratios, seed) * (1 + STAYING_MUST_GAIN);
  for (const pace of PACES) {
    await breathe(signal);
    const following = { weights: equal, adaptation: { ...pace, correction: 0 }, spreads };
    const mix = mixOf(table, asked, following, known);
    for (const correction of CORRECTIONS) {
      const adaptation = { ...pace, correction };
      const answer = correctedBy(mix, adaptation);
      const error = errorOf(answer);
      if (error < least) [least, best, rule] = [error, answer, { ...following, adaptation }];
    }
  }
  const { combined, newer } = best;
  return {
    ...rule,
    ...newer,
    weights: rule.adaptation ? meanShares(newer.memberErrors, table, rule) : staying,
    residuals: residualsOf(table, combined.medians, combined.offsets, knownBy),
    forecasts,
    combined,
  };
}

/** The members that have values for nearly all known hours, and the hours that all of these have. */
function comparable(
  table: IssueTable,
  forecasts: readonly MemberForecast[],
  knownBy: number,
): { able: number[]; common: number[] } {
  const cells = Array.from(table.actual, (_, cell) => cell).filter((cell) => isKnown(table, cell, knownBy));
  const has = (m: number, cell: number) => forecasts[m]!.medians[cell]! > 0;
  const able = [...forecasts.keys()].filter(
    (m) => cells.filter((cell) => has(m, cell)).length >= LEAST_SHARE * cells.length,
  );
  if (able.length === 0 || cells.length === 0) {
    throw new BadInputError(
      `${table.region} has no validation hours that a forecaster has values for.`,
      'Fit on a longer period.',
    );
  }
  return { able, common: cells.filter((cell) => able.every((m) => has(m, cell))) };
}

/** What the members have counted on the mean of the issues. */
function meanShares(errors: Track, table: IssueTable, { weights, adaptation }: Rule): Float64Array {
  const byIssue = weightsByIssue(table, errors, adaptation!, weights);
  const members = weights.length;
  const means = weights.map((_, m) => {
    let sum = 0;
    for (let i = m; i < byIssue.length; i += members) sum += byIssue[i]!;
    return (sum * members) / byIssue.length;
  });
  const kept = means.map((share) => (share < LEAST_MEAN_SHARE ? 0 : share));
  const total = kept.reduce((a, b) => a + b, 0);
  return kept.map((share) => share / total);
}
