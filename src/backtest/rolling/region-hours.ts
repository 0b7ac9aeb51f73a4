import type { RegionCode } from '../../contracts/regions.ts';
import { CorruptArtifactError } from '../../errors.ts';
import type { HourCounts } from '../hours.ts';
import type { RegionPredictions } from './predictions-file.ts';

/** Baselines that every hour is compared with; the operator's forecast where there is one. */
export const BASELINES = ['operator', 'latestKnown', 'persistence48', 'persistence168'] as const;
export type Baseline = (typeof BASELINES)[number];

/** What one forecaster said of every hour, with one seed. */
export interface Answers {
  levels: readonly number[];
  /** Hours × levels, MW. */
  quantiles: Float64Array;
  /** Hours, MW. */
  median: Float64Array;
}

/** All hours of a region that were asked for, ascending in time, whoever has a value there. */
export interface RegionHours extends Record<Baseline, Float64Array> {
  region: RegionCode;
  issuedAt: Float64Array;
  validAt: Float64Array;
  actual: Float64Array;
  base: Float64Array;
  /** By forecaster and seed; equal seeds stand in equal places. */
  answers: Record<string, Answers[]>;
}

/** What was said of the same hours, side by side. */
export function sideBySide(
  region: RegionCode,
  forecasts: { forecaster: string; levels: readonly number[]; predictions: RegionPredictions }[],
): RegionHours {
  const { quantiles: _, ...hours } = forecasts[0]!.predictions;
  const answers: RegionHours['answers'] = {};
  for (const { forecaster, levels, predictions } of forecasts) {
    const { validAt, quantiles } = predictions;
    if (validAt.length !== hours.validAt.length || validAt.some((time, i) => time !== hours.validAt[i])) {
      throw new CorruptArtifactError(
        `The predictions of ${forecaster} for ${region} are of other hours than those of the others.`,
        'Delete the home’s predictions and run the backtest again.',
      );
    }
    const middle = levels.indexOf(0.5);
    const median = Float64Array.from(validAt, (_time, row) => quantiles[row * levels.length + middle]!);
    (answers[forecaster] ??= []).push({ levels, quantiles, median });
  }
  return { ...hours, region, answers };
}

/** The operator is compared on all hours where it has a value for so large a part of them, else on its own alone. */
const OPERATOR_COUNTS_FROM = 0.5;

export interface Choice {
  /** Demand is believable, and every persistence, forecaster and seed has a value. */
  all: number[];
  /** Of them those for which the operator's forecast is there. */
  withOperator: number[];
  /** What comparisons are made on: `withOperator` where that is at least half of all, else `all`. */
  compared: number[];
  counts: HourCounts & { withoutOperator: number };
}

/** Which hours count; `asked` hours were to be scored, those without an issue included. */
export function chooseHours(hours: RegionHours, asked: number): Choice {
  const answers = Object.values(hours.answers).flat();
  const counts = {
    asked,
    scored: 0,
    withoutActual: 0,
    withoutBaseline: 0,
    withoutModel: 0,
    withoutOperator: 0,
  };
  // Hours of a local day that the record holds only in part have no issue.
  counts.withoutModel = asked - hours.validAt.length;
  const all: number[] = [];
  for (let row = 0; row < hours.validAt.length; row++) {
    if (!(hours.actual[row]! > 0)) counts.withoutActual += 1;
    else if (BASELINES.some((name) => name !== 'operator' && !(hours[name][row]! > 0)))
      counts.withoutBaseline += 1;
    else if (answers.some((said) => !isWhole(said, row))) counts.withoutModel += 1;
    else all.push(row);
  }
  const withOperator = all.filter((row) => hours.operator[row]! > 0);
  counts.scored = all.length;
  counts.withoutOperator = all.length - withOperator.length;
  const counted = withOperator.length >= OPERATOR_COUNTS_FROM * all.length && withOperator.length > 0;
  return { all, withOperator, compared: counted ? withOperator : all, counts };
}

function isWhole({ quantiles, levels }: Answers, row: number): boolean {
  for (let k = 0; k < levels.length; k++) if (!(quantiles[row * levels.length + k]! > 0)) return false;
  return true;
}
