import { regionCode } from '../contracts/regions.ts';
import { fromHourStamp, toHourStamp } from '../contracts/time.ts';
import { QUANTILES } from '../day-ahead/issue-table.ts';
import { readColumns, writeColumns } from '../lake/parquet.ts';
import type { ForecastRow } from './forecast.ts';

/** `p05_mw` … `p95_mw` */
const quantileColumn = (level: number) => `p${String(Math.round(100 * level)).padStart(2, '0')}_mw`;

/** One row a region and target hour. */
export async function writeForecast(path: string, rows: readonly ForecastRow[]): Promise<void> {
  const times = (pick: (row: ForecastRow) => string) => ({
    type: 'timestamp' as const,
    values: Float64Array.from(rows, (row) => fromHourStamp(pick(row))),
  });
  const megawatts = (pick: (row: ForecastRow) => number) => ({
    type: 'f64' as const,
    values: Float64Array.from(rows, pick),
  });
  await writeColumns(path, {
    region: { type: 'utf8', values: rows.map(({ region }) => region) },
    issued_at: times(({ issuedAt }) => issuedAt),
    valid_at: times(({ hour }) => hour),
    lead_hours: { type: 'i32', values: Int32Array.from(rows, ({ lead }) => lead) },
    forecast_mw: megawatts(({ forecastMw }) => forecastMw),
    latest_known_mw: megawatts(({ latestKnownMw }) => latestKnownMw),
    ...Object.fromEntries(
      QUANTILES.map((level, q) => [
        quantileColumn(level),
        megawatts(({ quantilesMw }) => quantilesMw?.[q] ?? Number.NaN),
      ]),
    ),
  });
}

/** The rows as they were written. */
export async function readForecast(path: string): Promise<ForecastRow[]> {
  const columns = await readColumns(path);
  const regions = columns.strings('region').map((code) => regionCode.parse(code));
  const issuedAt = columns.seconds('issued_at');
  const validAt = columns.seconds('valid_at');
  const leads = columns.f64('lead_hours');
  const forecastMw = columns.f64('forecast_mw');
  const latestKnownMw = columns.f64('latest_known_mw');
  const quantiles = QUANTILES.map((level) => columns.f64(quantileColumn(level)));
  return regions.map((region, i) => ({
    region,
    issuedAt: toHourStamp(issuedAt[i]!),
    hour: toHourStamp(validAt[i]!),
    lead: leads[i]!,
    forecastMw: forecastMw[i]!,
    latestKnownMw: latestKnownMw[i]!,
    quantilesMw: Number.isNaN(quantiles[0]![i]!) ? null : quantiles.map((values) => values[i]!),
  }));
}
