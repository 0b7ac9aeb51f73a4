import type { Manifest } from '../contracts/artifact.ts';
import type { RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS, firstHourOf, lastHourOf, toHourStamp, type DateRange } from '../contracts/time.ts';
import { MissingDataError } from '../errors.ts';
import { judgedRows } from '../features/judged-rows.ts';
import type { Home } from '../lake/home.ts';
import { knownBy } from '../validation/as-of.ts';
import { IMPUTATION } from '../validation/imputation.ts';
import { firstYearFor, publishedByRule } from '../validation/region-rows.ts';
import { judgeRegion, STANDING_COLUMNS } from '../validation/region-judgements.ts';
import { RULES } from '../validation/rules.ts';
import { VALIDATION_VERSION } from '../validation/stage.ts';
import { spanOf } from '../validation/table.ts';
import { recordOf, type RegionRecord } from './forecast.ts';
import { filesOf, gridFile, joined } from './forecast-grid.ts';

/** How `recordAsOf` judges, as a validation's manifest says it: what a forecast rests on beside the grid. */
export const JUDGED_BY = {
  stage: 'validate',
  version: VALIDATION_VERSION,
  rules: RULES,
  imputation: IMPUTATION,
};

/**
 * How long before its hours a record is judged from: verdicts rest on a month at most, filled values on a week before
 * the gap, and a refused value may have a say in the next verdicts. What lies before would take most of the time.
 */
const JUDGED_BEFORE_SECONDS = 120 * 24 * HOUR_SECONDS;

/** What no feature is made from need not be judged; interchange has a say in the verdicts on generation. */
const ALWAYS = ['D', ...Object.keys(STANDING_COLUMNS)];

/**
 * A region's hours of a period as known at a moment, seconds since 1970: what `validate` would write as of then and
 * `readRegionRecord` read back, to the bit, without the disk between them. Of the fuels beside sun and wind those alone that features of these
 * `columns` are made from (default: all).
 */
export async function recordAsOf(
  home: Home,
  grid: Manifest,
  region: RegionCode,
  { asOf, period, columns }: { asOf: number; period: DateRange; columns?: readonly string[] },
): Promise<RegionRecord> {
  const [from, to] = [firstHourOf(period.from), lastHourOf(period.to)];
  const byRule = publishedByRule(grid, region);
  const needed = filesOf(grid, region).filter(({ year = Infinity }) => year >= firstYearFor(from));
  const files = [];
  for (const file of needed) files.push(await gridFile(home, file));
  const series = (label: string) =>
    ALWAYS.includes(label) ||
    (label.startsWith('FUEL:') && (columns?.some((name) => name.startsWith(fuelColumn(label))) ?? true));
  const rows = knownBy(
    joined(files, { knownBy: asOf, from: from - JUDGED_BEFORE_SECONDS, series }),
    asOf,
    byRule,
  );
  if (rows.length === 0) {
    throw new MissingDataError(
      `Nothing of ${region} was known at ${toHourStamp(asOf)}.`,
      'Name a later moment.',
    );
  }
  // The row that stands for the moment is there even where nothing of it has been published yet.
  const judged = judgeRegion(rows, RULES, asOf - HOUR_SECONDS);
  const span = spanOf(judged, { from, to });
  if (span.until === span.from) {
    throw new MissingDataError(
      `${region} has no hours from ${period.from} to ${period.to}.`,
      'Choose a period that the dataset has, or ingest it.',
    );
  }
  const { imputed } = judged.imputed;
  return recordOf(judgedRows(region, judged, span), imputed.subarray(span.from, span.until));
}

/** Both features of a fuel, its generation and its share, begin with this. */
const fuelColumn = (label: string) => `fuel_${label.slice('FUEL:'.length).toLowerCase()}_`;
