import type { IssueTable } from '../day-ahead/issue-table.ts';
import { BadInputError } from '../errors.ts';

/** Stands for every region, in models fitted on all of them together. */
export const ANY_REGION = '*';

/** Where a region's part of a model lies; refuses a region that it was not fitted on, and another horizon. */
export function requireFitted(
  model: string,
  regions: readonly string[],
  horizon: number,
  table: IssueTable,
): number {
  if (table.horizon !== horizon) {
    throw new BadInputError(
      `${model} forecasts ${horizon} target hours an issue; the table of ${table.region} has ${table.horizon}.`,
      'Make the table with the settings of the fit, or fit again.',
    );
  }
  const at = regions.indexOf(table.region);
  const found = at < 0 ? regions.indexOf(ANY_REGION) : at;
  if (found >= 0) return found;
  throw new BadInputError(
    `${model} was not fitted on ${table.region}.`,
    `It knows ${regions.join(', ')}: forecast these, or fit with ${table.region}.`,
  );
}
