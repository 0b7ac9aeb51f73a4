import { LARGEST_VALIDATION_SHARE } from '../../contracts/forecasters.ts';
import { QUANTILES, type IssueTable } from '../../day-ahead/issue-table.ts';
import { BadInputError } from '../../errors.ts';
import { isKnown } from '../cells.ts';
import type { FitData } from '../forecaster.ts';
import { calibrated, NO_RESIDUALS } from './calibration.ts';
import type { ValidationScore } from './details.ts';
import type { Weighed } from './weigh.ts';
import { mapeOf } from './weights.ts';

const DAY = 86_400;
/** Less than a week has no weekend in it. */
const FEWEST_DAYS = 7;

export interface ValidationSettings {
  /** The last days known, which the members are first fitted without; at most a quarter of the time there is. */
  validationDays: number;
  /** Seconds: issues before it do not validate, because a member has seen their outcome. */
  validationFrom?: number;
}

/** The moment from which issues validate; a quarter of the time at most, so that there is something to fit before. */
export function validationStart({ tables, knownBy }: FitData, settings: ValidationSettings): number {
  const first = Math.min(...tables.map(({ issuedAt }) => issuedAt[0] ?? Infinity));
  if (!(first < knownBy)) {
    throw new BadInputError('No issue lies before the moment of the fit.', 'Fit at a later moment.');
  }
  const from = Math.max(
    knownBy - settings.validationDays * DAY,
    first + (1 - LARGEST_VALIDATION_SHARE) * (knownBy - first),
    settings.validationFrom ?? -Infinity,
  );
  if (from <= knownBy - FEWEST_DAYS * DAY) return from;
  throw new BadInputError(
    settings.validationFrom === from
      ? 'A member was trained on nearly all that is known by the moment of the fit: its errors there say nothing of the future.'
      : `There are less than ${FEWEST_DAYS} days to weigh members on.`,
    settings.validationFrom === from
      ? 'Train it to an earlier day and fit `through` a later one, or leave it out of the members.'
      : 'Fit on a longer period.',
  );
}

/** How members, by `names`, and their ensemble did on the validation issues of a table. */
export function validationScore(
  { forecasts, combined }: Weighed,
  names: readonly string[],
  table: IssueTable,
  knownBy: number,
): ValidationScore {
  const cells = Array.from(table.actual, (_, cell) => cell).filter((cell) => isKnown(table, cell, knownBy));
  const mape = (medians: Float64Array) => {
    const own = cells.filter((cell) => medians[cell]! > 0);
    const ratios = Float64Array.from(own, (cell) => medians[cell]! / table.actual[cell]!);
    return own.length > 0 ? 100 * mapeOf([ratios], [1]) : null;
  };
  const quantiles = calibrated(table, combined.medians, combined.offsets, NO_RESIDUALS);
  const at = (cell: number, level: (typeof QUANTILES)[number]) =>
    quantiles[cell * QUANTILES.length + QUANTILES.indexOf(level)]!;
  const inside = cells.filter((cell) => {
    const actual = table.actual[cell]!;
    return actual >= at(cell, 0.1) && actual <= at(cell, 0.9);
  });
  return {
    hours: cells.length,
    members: Object.fromEntries(names.map((name, m) => [name, mape(forecasts[m]!.medians)])),
    ensemble: mape(combined.medians),
    coverage80: cells.length > 0 ? (100 * inside.length) / cells.length : null,
  };
}
