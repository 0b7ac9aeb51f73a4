import { fileURLToPath } from 'node:url';
import type { RegionCode } from '../../src/contracts/regions.ts';
import { validatedRows, type ValidatedRows } from '../../src/features/validated-rows.ts';
import { Columns, readColumns, toFrame } from '../../src/lake/parquet.ts';
import { availableAt, revisionAvailableAt } from '../../src/sources/availability.ts';
import { validateTable } from '../../src/validation/table.ts';
import type { RawRows } from '../../src/validation/vintages.ts';

const SERIES: Record<string, string> = {
  demand_first_mw: 'D',
  demand_later_mw: 'D',
  forecast_mw: 'DF',
  fuel_sun_mw: 'FUEL:SUN',
  fuel_wnd_mw: 'FUEL:WND',
  fuel_col_mw: 'FUEL:COL',
};

/** Hours of the shipped record as raw rows with both vintages, available by the rules of the archive. */
export async function shippedRows(region: RegionCode, from: string, hours: number): Promise<RawRows> {
  const path = fileURLToPath(new URL(`../../data/grid/${region}.parquet`, import.meta.url));
  const columns = await readColumns(path, ['valid_at', ...Object.keys(SERIES)]);
  const times = columns.seconds('valid_at');
  const begin = times.indexOf(Date.parse(`${from}:00:00Z`) / 1000);
  const labels = [...new Set(Object.values(SERIES))];
  const rows: { series: number; validAt: number; value: number; availableAt: number }[] = [];
  for (const [name, series] of Object.entries(SERIES)) {
    const values = columns.f64(name);
    for (let i = begin; i < begin + hours; i++) {
      if (Number.isNaN(values[i]!)) continue;
      const validAt = times[i]!;
      const known =
        name === 'demand_later_mw' ? revisionAvailableAt(validAt) : availableAt(series, validAt, region);
      rows.push({ series: labels.indexOf(series), validAt, value: values[i]!, availableAt: known });
    }
  }
  return {
    length: rows.length,
    labels,
    series: Int32Array.from(rows, (row) => row.series),
    validAt: Float64Array.from(rows, (row) => row.validAt),
    value: Float64Array.from(rows, (row) => row.value),
    availableAt: Float64Array.from(rows, (row) => row.availableAt),
  };
}

/** Raw rows through validation, as the stages would see them. */
export function validated(region: RegionCode, rows: RawRows): ValidatedRows {
  return validatedRows(new Columns(toFrame(validateTable(region, rows).columns)), region, region);
}
