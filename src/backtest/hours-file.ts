import { regionCode } from '../contracts/regions.ts';
import { readColumns, writeColumns } from '../lake/parquet.ts';
import { FORECASTERS, type Forecaster, type HourTable } from './hours.ts';

/** Column names of the backtest file of role `hours`: one row a region and scored hour. */
const FORECAST_COLUMNS: Record<Forecaster, string> = {
  model: 'model_mw',
  operator: 'operator_mw',
  latestKnown: 'latest_known_mw',
  latestKnownAtOnce: 'latest_known_at_once_mw',
  persistence48: 'persistence48_mw',
  persistence168: 'persistence168_mw',
};

export async function writeHours(path: string, tables: readonly HourTable[]): Promise<number> {
  const codes = tables.flatMap(({ validAt }, i) => Array.from(validAt, () => i));
  const join = (pick: (table: HourTable) => ArrayLike<number>) =>
    Float64Array.from(tables.flatMap((table) => Array.from(pick(table))));
  return writeColumns(path, {
    region: {
      type: 'category',
      codes: Int32Array.from(codes),
      labels: tables.map(({ region }) => region),
    },
    valid_at: { type: 'timestamp', values: join(({ validAt }) => validAt) },
    issued_at: { type: 'timestamp', values: join(({ issuedAt }) => issuedAt) },
    lead_hours: { type: 'i32', values: Int32Array.from(join(({ leadHours }) => leadHours)) },
    local_hour: { type: 'i32', values: Int32Array.from(join(({ localHour }) => localHour)) },
    actual_mw: { type: 'f64', values: join(({ actual }) => actual) },
    ...Object.fromEntries(
      FORECASTERS.map((name) => [
        FORECAST_COLUMNS[name],
        { type: 'f64' as const, values: join(({ forecasts }) => forecasts[name]) },
      ]),
    ),
  });
}

/** The tables as they were written, in the order of their regions' first rows. */
export async function readHours(path: string): Promise<HourTable[]> {
  const columns = await readColumns(path);
  const { codes, labels } = columns.categories('region');
  const whole = {
    validAt: columns.seconds('valid_at'),
    issuedAt: columns.seconds('issued_at'),
    leadHours: columns.f64('lead_hours'),
    localHour: columns.f64('local_hour'),
    actual: columns.f64('actual_mw'),
  };
  const forecasts = FORECASTERS.map((name) => [name, columns.f64(FORECAST_COLUMNS[name])] as const);
  return [...new Set(codes)].map((code) => {
    const from = codes.indexOf(code);
    const to = codes.lastIndexOf(code) + 1;
    return {
      region: regionCode.parse(labels[code]),
      validAt: whole.validAt.slice(from, to),
      issuedAt: whole.issuedAt.slice(from, to),
      leadHours: Int32Array.from(whole.leadHours.subarray(from, to)),
      localHour: Int32Array.from(whole.localHour.subarray(from, to)),
      actual: whole.actual.slice(from, to),
      forecasts: Object.fromEntries(
        forecasts.map(([name, values]) => [name, values.slice(from, to)]),
      ) as HourTable['forecasts'],
    };
  });
}
