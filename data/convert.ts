/**
 * Makes the Parquet files of this folder from the collections that README.md names.
 *
 *     node data/convert.ts SOURCE_DIR
 *
 * SOURCE_DIR holds `eia930/`, `fuel_mix/` and `weather/` as README.md lists them. Values are kept as published, bad
 * ones too: judging them is the validation's work. Words in place of a number (MISSING, EMPTY) become nulls.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { REGION_CODES, type RegionCode } from '../src/contracts/regions.ts';
import { BadInputError, messageOf } from '../src/errors.ts';
import { placeAtomically } from '../src/lake/atomic-write.ts';

const TARGET = dirname(fileURLToPath(import.meta.url));

/** Column of the fuel collection → EIA's code. */
const FUEL_COLUMNS = {
  coal: 'col',
  nat_gas: 'ng',
  nuclear: 'nuc',
  oil: 'oil',
  other: 'oth',
  solar: 'sun',
  hydro: 'wat',
  wind: 'wnd',
};

/** Years of fuels come from a wide CSV where there is one; the others have 2019 in one long Parquet file. */
const FUEL_SOURCES: Partial<Record<RegionCode, 'csv' | 'parquet'>> = {
  ERCO: 'csv',
  CISO: 'csv',
  PACW: 'parquet',
  MISO: 'parquet',
};

const FUEL_TIME = `strptime("UTC time", '%m/%d/%Y %H:%M:%S')`;

const WEATHER_REGIONS = ['ERCO', 'CISO'];
const WEATHER_PARAMETERS = ['TEMP', 'DPT', 'DSWRF', 'PCP', 'WIND_SPEED'];

async function convert(source: string): Promise<void> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    for (const region of REGION_CODES) await convertGrid(connection, source, region);
    for (const region of WEATHER_REGIONS) {
      for (const parameter of WEATHER_PARAMETERS) await convertWeather(connection, source, region, parameter);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function convertGrid(connection: DuckDBConnection, source: string, region: RegionCode): Promise<void> {
  const first = input(source, 'eia930', `${region}_2015-07_2020-07_demand_and_forecast.csv.gz`);
  const later = input(source, 'eia930', `${region}_2020-01_2024-12_demand.csv.gz`);
  const fuels = await fuelTable(connection, source, region);
  const forecast = region === 'CISO' ? laterForecast(source) : undefined;
  await write(
    connection,
    join(TARGET, 'grid', `${region}.parquet`),
    `SELECT to_timestamp(epoch(coalesce(a.t, b.t))) AS valid_at, a.d AS demand_first_mw, b.d AS demand_later_mw,
            ${forecast ? 'CASE WHEN a.t IS NULL THEN c.f ELSE a.f END' : 'a.f'} AS forecast_mw ${fuels.columns.map((column) => `, f.${column}`).join('')}
       FROM (SELECT date_time::TIMESTAMP AS t, TRY_CAST("demand (MW)" AS INTEGER) AS d,
                    TRY_CAST("forecast demand (MW)" AS INTEGER) AS f FROM ${csv(first)}) a
       FULL JOIN (SELECT date_time::TIMESTAMP AS t, TRY_CAST("demand (MW)" AS INTEGER) AS d FROM ${csv(later)}) b
         ON a.t = b.t
       ${forecast ? `LEFT JOIN (${forecast}) c ON c.t = coalesce(a.t, b.t)` : ''}
       ${fuels.relation ? `LEFT JOIN (${fuels.relation}) f ON f.t = coalesce(a.t, b.t)` : ''}
      ORDER BY valid_at`,
  );
}

/** CISO's forecast goes on to January 2022 in the collection that has its fuels; where both have it they agree. */
function laterForecast(source: string): string {
  const path = input(source, 'fuel_mix', 'CISO_demand_and_forecast_2019-01_2022-01.csv.gz');
  return `SELECT ${FUEL_TIME} AS t, TRY_CAST(avg_demand_forecast AS INTEGER) AS f FROM ${csv(path)}`;
}

/** A relation with `t` and one `fuel_<code>_mw` column a fuel that the region has. */
async function fuelTable(connection: DuckDBConnection, source: string, region: RegionCode) {
  const kind = FUEL_SOURCES[region];
  if (kind === undefined) return { columns: [] };
  if (kind === 'csv') {
    const path = input(source, 'fuel_mix', `${region}_2019-01_2022-01.csv.gz`);
    const present = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${csv(path)}`))
      .getRows()
      .map(([name]) => String(name));
    const fuels = Object.entries(FUEL_COLUMNS).filter(([column]) => present.includes(column));
    const picked = fuels.map(([column, code]) => `TRY_CAST(${column} AS INTEGER) AS fuel_${code}_mw`);
    return {
      columns: fuels.map(([, code]) => `fuel_${code}_mw`),
      relation: `SELECT ${FUEL_TIME} AS t, ${picked.join(', ')} FROM ${csv(path)}`,
    };
  }
  const path = input(source, 'fuel_mix', 'PACW_ERCO_MISO_2019_demand_and_fuel.parquet');
  const rows = `read_parquet(${quote(path)}) WHERE region = '${region}' AND data_type = 'generation'`;
  const codes = (
    await connection.runAndReadAll(`SELECT DISTINCT lower(fuel_type) FROM ${rows} ORDER BY 1`)
  ).getRows();
  const picked = codes.map(
    ([code]) =>
      `any_value(value) FILTER (fuel_type = '${String(code).toUpperCase()}')::INTEGER AS fuel_${code}_mw`,
  );
  return {
    columns: codes.map(([code]) => `fuel_${code}_mw`),
    relation: `SELECT "timestamp" AS t, ${picked.join(', ')} FROM ${rows} GROUP BY ALL`,
  };
}

/** In the order of the source; float32: the area means carry some fourteen digits that a forecast of a temperature does not have. */
async function convertWeather(
  connection: DuckDBConnection,
  source: string,
  region: string,
  parameter: string,
): Promise<void> {
  const name = `${region}_AVG_${parameter}`;
  const from = csv(input(source, 'weather', `${name}.csv.gz`));
  await write(
    connection,
    join(TARGET, 'weather', `${name}.parquet`),
    `SELECT to_timestamp(epoch("datetime"::TIMESTAMP)) AS "datetime", param, "level",
            TRY_CAST(COLUMNS(* EXCLUDE ("datetime", param, "level")) AS FLOAT)
       FROM ${from}`,
  );
}

async function write(connection: DuckDBConnection, path: string, query: string): Promise<void> {
  await placeAtomically(path, async (temporary) => {
    await connection.run(
      `COPY (${query}) TO ${quote(temporary)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 19, ROW_GROUP_SIZE 131072)`,
    );
  });
  process.stdout.write(`${path}\n`);
}

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
const csv = (path: string) => `read_csv(${quote(path)}, header = true, all_varchar = true)`;

function input(source: string, ...parts: string[]): string {
  const path = join(source, ...parts);
  if (!existsSync(path)) {
    throw new BadInputError(
      `${path} is not there.`,
      'Give the folder with the collections that data/README.md names.',
    );
  }
  return path;
}

const [sourceFolder, ...rest] = process.argv.slice(2);
try {
  if (sourceFolder === undefined || rest.length > 0) {
    throw new BadInputError(
      'data/convert.ts takes one argument.',
      'Give the folder that holds the collections.',
    );
  }
  await convert(sourceFolder);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
