import type pl from 'nodejs-polars';
import { z } from 'zod';
import type { Manifest } from '../contracts/artifact.ts';
import type { RegionCode } from '../contracts/regions.ts';
import type { ValidationInput } from '../contracts/stages.ts';
import { firstHourOf, fromHourStamp } from '../contracts/time.ts';
import { CorruptArtifactError, MissingDataError } from '../errors.ts';
import { verifiedPath } from '../lake/artifacts.ts';
import { yearOf } from '../lake/grid-rows.ts';
import type { Home } from '../lake/home.ts';
import { Columns, readFrame } from '../lake/parquet.ts';
import { availableAt } from '../sources/availability.ts';
import { knownBy } from './as-of.ts';
import type { RawRows } from './vintages.ts';

const gridSettings = z.looseObject({ dfAvailability: z.enum(['operator', 'eia']).default('operator') });

/** All rows, with all revisions, that a grid dataset has of a region; of the years from `firstYear` on, if given. */
export async function readRegionRows(
  home: Home,
  grid: Manifest,
  region: RegionCode,
  firstYear = -Infinity,
): Promise<RawRows> {
  let whole: pl.DataFrame | undefined;
  for (const file of grid.files) {
    if (file.region !== region || (file.year ?? Infinity) < firstYear) continue;
    const path = await verifiedPath(home, file);
    const year = await readFrame(path, ['valid_at', 'series', 'value_mw', 'available_at']);
    whole = whole?.vstack(year) ?? year;
  }
  if (whole === undefined || whole.height === 0) {
    throw new MissingDataError(
      `The grid dataset ${grid.key} has nothing of ${region}.`,
      `Ingest it: ringwatt ingest --regions ${region}`,
    );
  }
  // All years at once: turning columns into arrays costs by the call, not by the row.
  const columns = new Columns(whole);
  const { codes, labels } = columns.categories('series');
  return {
    length: columns.rows,
    labels,
    series: codes,
    validAt: columns.seconds('valid_at'),
    value: columns.f64('value_mw'),
    availableAt: columns.seconds('available_at'),
  };
}

/**
 * The same as known at a moment, seconds since 1970 UTC: see `knownBy`. For the hours of a period on, the year before
 * it is read too: no verdict looks further back, and the years before that would take most of a forecast's time.
 */
export async function readRowsAsOf(
  home: Home,
  grid: Manifest,
  region: RegionCode,
  { asOf, from }: { asOf: number; from?: number | undefined },
): Promise<RawRows> {
  const firstYear = from === undefined ? undefined : firstYearFor(from);
  const byRule = publishedByRule(grid, region);
  return knownBy(await readRegionRows(home, grid, region, firstYear), asOf, byRule);
}

/** Of the files that say something of the hours from a moment on; see `readRowsAsOf`. */
export const firstYearFor = (from: number) => yearOf(from) - 1;

/** When a value of that grid and region is known by rule. */
export function publishedByRule(
  grid: Manifest,
  region: RegionCode,
): (series: string, validAt: number) => number {
  const settings = gridSettings.safeParse(grid.madeBy.settings);
  if (!settings.success) {
    throw new CorruptArtifactError(
      `The grid dataset ${grid.key} does not say when its day-ahead forecasts are known.`,
      'Ingest it again.',
    );
  }
  const { dfAvailability } = settings.data;
  return (series, validAt) => availableAt(series, validAt, region, dfAvailability);
}

/** Which rows a validation judges: `period` and `asOf` as its input has them. */
export interface RowChoice {
  asOf?: string | undefined;
  period?: ValidationInput['period'] | null;
}

/** The rows of a region that a validation of that choice judges. */
export function readRows(
  home: Home,
  grid: Manifest,
  region: RegionCode,
  { asOf, period }: RowChoice,
): Promise<RawRows> {
  if (asOf === undefined) return readRegionRows(home, grid, region);
  const from = period ? firstHourOf(period.from) : undefined;
  return readRowsAsOf(home, grid, region, { asOf: fromHourStamp(asOf), from });
}
