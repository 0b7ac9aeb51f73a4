import { HOUR_SECONDS } from '../contracts/time.ts';
import { CorruptArtifactError } from '../errors.ts';
import { readColumns, toFrame, type Columns } from '../lake/parquet.ts';
import type pl from 'nodejs-polars';
import { aheadAsKnown, alignAsKnown, type DatedSeries } from './alignment.ts';
import { OPERATOR_FORECAST, OPERATOR_FORECAST_AHEAD } from './optional.ts';

/** One region's validated hours, contiguous and ascending; MW, NaN where there is no value. */
export interface ValidatedRows {
  region: string;
  /** The first hour's end, seconds since 1970 UTC. */
  first: number;
  hours: number;
  /** Known an hour after each hour's end: what features are made from. */
  demand: Float64Array;
  /** As settled and believed: targets and scoring. */
  demandFinal: Float64Array;
  /** The operator's day-ahead forecast, where it is believable. */
  forecast: DatedSeries;
  generation: DatedSeries;
  solar: DatedSeries;
  wind: DatedSeries;
  /** By column stem: `fuel_col` … */
  fuels: Map<string, DatedSeries>;
}

/** Reads a region's file of a validated dataset. */
export async function readValidatedRows(path: string, region: string): Promise<ValidatedRows> {
  return validatedRows(await readColumns(path), region, path);
}

/** The same from columns in memory; `source` names them in messages. */
export function validatedRows(columns: Columns, region: string, source: string): ValidatedRows {
  const validAt = columns.seconds('valid_at');
  const first = validAt[0] ?? Number.NaN;
  const gap = validAt.findIndex((time, i) => time !== first + i * HOUR_SECONDS);
  if (gap >= 0) {
    throw new CorruptArtifactError(
      `The hours of ${source} do not follow on one another at row ${gap}.`,
      'Validate again.',
    );
  }
  const dated = (stem: string): DatedSeries => ({
    values: columns.f64(`${stem}_mw`),
    availableAt: columns.seconds(`${stem}_available_at`),
  });
  const forecast = dated('forecast');
  columns.strings('forecast_verdict').forEach((verdict, row) => {
    if (verdict !== 'ok') forecast.values[row] = Number.NaN;
  });
  const stems = columns.names.flatMap((name) => /^(fuel_\w+)_mw$/.exec(name)?.[1] ?? []);
  return {
    region,
    first,
    hours: columns.rows,
    demand: columns.f64('demand_mw'),
    demandFinal: columns.f64('demand_final_mw'),
    forecast,
    generation: dated('generation'),
    solar: dated('solar'),
    wind: dated('wind'),
    fuels: new Map(stems.map((stem) => [stem, dated(stem)])),
  };
}

/**
 * What features are made from: at row t only what was known an hour after t. Besides the four series it has the
 * operator's forecast and the other fuels where the region has any.
 */
export function asKnownColumns(rows: ValidatedRows): Map<string, Float64Array> {
  const { first, demand, forecast, generation, solar, wind, fuels } = rows;
  const columns = new Map([
    ['demand_mw', demand],
    ['generation_mw', alignAsKnown(generation, first)],
    ['solar_mw', alignAsKnown(solar, first)],
    ['wind_mw', alignAsKnown(wind, first)],
  ]);
  if (forecast.values.some(Number.isFinite)) {
    columns.set(OPERATOR_FORECAST, aheadAsKnown(forecast, first, 0));
    columns.set(OPERATOR_FORECAST_AHEAD, aheadAsKnown(forecast, first, 24));
  }
  for (const [stem, series] of fuels) columns.set(`${stem}_mw`, alignAsKnown(series, first));
  return columns;
}

/** The same as a frame, with each row's time and region. */
export function asKnownFrame(rows: ValidatedRows): pl.DataFrame {
  const { region, first, hours } = rows;
  const known = [...asKnownColumns(rows)].map(([name, values]) => [name, { type: 'f64' as const, values }]);
  return toFrame({
    timestamp: {
      type: 'timestamp',
      values: Float64Array.from({ length: hours }, (_, i) => first + i * HOUR_SECONDS),
    },
    region: { type: 'category', codes: new Int32Array(hours), labels: [region] },
    ...Object.fromEntries(known),
  });
}
