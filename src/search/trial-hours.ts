import type { RegionCode } from '../contracts/regions.ts';
import { regionCode } from '../contracts/regions.ts';
import { readColumns, writeColumns } from '../lake/parquet.ts';

/** What a trial forecast of one region's validation hours, ascending; MW. Only hours with both values. */
export interface TrialHours {
  region: RegionCode;
  /** Hour ends, seconds since 1970. */
  validAt: Float64Array;
  actual: Float64Array;
  forecast: Float64Array;
}

/** Percent. */
export function mapeOfHours({ actual, forecast }: TrialHours): number {
  const sum = actual.reduce((total, mw, i) => total + Math.abs(forecast[i]! - mw) / mw, 0);
  return (100 * sum) / actual.length;
}

export async function writeTrialHours(path: string, tables: readonly TrialHours[]): Promise<number> {
  const join = (pick: (table: TrialHours) => Float64Array) =>
    Float64Array.from(tables.flatMap((table) => [...pick(table)]));
  return writeColumns(path, {
    region: {
      type: 'category',
      codes: Int32Array.from(tables.flatMap(({ validAt }, i) => Array.from(validAt, () => i))),
      labels: tables.map(({ region }) => region),
    },
    valid_at: { type: 'timestamp', values: join(({ validAt }) => validAt) },
    actual_mw: { type: 'f64', values: join(({ actual }) => actual) },
    forecast_mw: { type: 'f64', values: join(({ forecast }) => forecast) },
  });
}

export async function readTrialHours(path: string): Promise<TrialHours[]> {
  const columns = await readColumns(path);
  const { codes, labels } = columns.categories('region');
  const [validAt, actual, forecast] = [
    columns.seconds('valid_at'),
    columns.f64('actual_mw'),
    columns.f64('forecast_mw'),
  ];
  return [...new Set(codes)].map((code) => {
    const rows = [codes.indexOf(code), codes.lastIndexOf(code) + 1] as const;
    return {
      region: regionCode.parse(labels[code]),
      validAt: validAt.slice(...rows),
      actual: actual.slice(...rows),
      forecast: forecast.slice(...rows),
    };
  });
}
