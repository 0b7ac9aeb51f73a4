import type { Manifest } from '../contracts/artifact.ts';
import type { RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS, firstHourOf, lastHourOf, toHourStamp, type DateRange } from '../contracts/time.ts';
import { MissingDataError } from '../errors.ts';
import { judgedRows } from '../features/judged-rows.ts';
import type { Home } from '../lake/home.ts';
import { knownBy } from '../validation/as-of.ts';
import { IMPUTATION } from '../validation/imputation.ts';
import { firstYearFor, publishedByRule } from '../validation/region-rows.ts';
import { judgeRegion } from '../validation/region-judgements.ts';
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
 * A region's hours of a period as known at a moment, seconds since 1970: what `validate` would write as of then and
 * `readRegionRecord` read back, to the bit, without the disk between them.
 */
export async function recordAsOf(
  home: Home,
  grid: Manifest,
  region: RegionCode,
  { asOf, period }: { asOf: number; period: DateRange },
): Promise<RegionRecord> {
  const [from, to] = [firstHourOf(period.from), lastHourOf(period.to)];
  const byRule = publishedByRule(grid, region);
  const needed = filesOf(grid, region).filter(({ year = Infinity }) => year >= firstYearFor(from));
  const files = [];
  for (const file of needed) files.push(await gridFile(home, file));
  const rows = knownBy(joined(files, asOf), asOf, byRule);
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
