import { readdir, readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import pl from 'nodejs-polars';
import { HOUR_SECONDS } from '../contracts/time.ts';
import { BadInputError, MissingDataError } from '../errors.ts';
import { Columns, readFrame } from '../lake/parquet.ts';
import { WEATHER_RUN_DELAY_SECONDS } from '../sources/availability.ts';
import { knownAt } from './alignment.ts';

const LONGEST_LEAD = 96;
const AHEAD_HOURS = 24;

/** File parameter → quantity: the columns are `weather_<quantity>` and `weather_<quantity>_24h_ahead`. */
export const QUANTITIES = {
  TEMP: 'temperature_k',
  DPT: 'dew_point_k',
  DSWRF: 'solar_radiation_w_m2',
  PCP: 'precipitation_mm_h',
  WIND_SPEED: 'wind_speed_m_s',
} as const;
type Quantity = (typeof QUANTITIES)[keyof typeof QUANTITIES];

/** Forecast runs of one region. */
export interface WeatherRuns {
  region: string;
  /** By quantity: run times (seconds, UTC, ascending) and each run's value for the leads 0–96 h, NaN without one. */
  quantities: Map<Quantity, { runs: Float64Array; values: Float64Array[] }>;
}

/**
 * Reads `<region>_AVG_<parameter>.{parquet,csv,csv.gz}` out of a folder: `datetime` (the run), then a column a lead
 * (`Analysis`, `3 hr fcst` …) or a period (`0-3 hr avg`, `0-6 hr acc` …). Where a run stands twice the first counts.
 * @throws MissingDataError when the folder has no file of the region
 */
export async function readWeatherForecasts(folder: string, region: string): Promise<WeatherRuns> {
  const names = await readdir(folder).catch((): string[] => []);
  const quantities: WeatherRuns['quantities'] = new Map();
  for (const [parameter, quantity] of Object.entries(QUANTITIES)) {
    const stem = `${region}_AVG_${parameter}`;
    const name = [`${stem}.parquet`, `${stem}.csv`, `${stem}.csv.gz`].find((each) => names.includes(each));
    if (name) quantities.set(quantity, runsOf(await readTable(`${folder}/${name}`), name));
  }
  if (quantities.size > 0) return { region, quantities };
  throw new MissingDataError(
    `${folder} has no weather forecasts of ${region}.`,
    `Put files such as ${region}_AVG_TEMP.parquet there.`,
  );
}

/**
 * Adds the weather columns: at every row what the newest run that was out an hour after it says of the row's hour
 * and of the one 24 h later. Rows of regions without runs get nulls.
 */
export function withWeather(
  frame: pl.DataFrame,
  weather: WeatherRuns | readonly WeatherRuns[],
): pl.DataFrame {
  const byRegion = new Map([weather].flat().map((each: WeatherRuns) => [each.region, each.quantities]));
  const quantities = new Set([...byRegion.values()].flatMap((each) => [...each.keys()]));
  const columns = new Columns(frame.select('timestamp', 'region'));
  const times = columns.seconds('timestamp');
  const regions = columns.strings('region');
  const added = [...quantities].flatMap((quantity) =>
    [0, AHEAD_HOURS].map((ahead) => {
      const name = `weather_${quantity}${ahead ? '_24h_ahead' : ''}`;
      const series = times.map((time, row) => {
        const of = byRegion.get(regions[row]!)?.get(quantity);
        if (!of) return Number.NaN;
        const { runs, values } = of;
        const run = newest(runs, knownAt(time) - WEATHER_RUN_DELAY_SECONDS);
        const lead = run < 0 ? Number.NaN : (time - runs[run]!) / HOUR_SECONDS + ahead;
        return values[run]?.[lead] ?? Number.NaN;
      });
      return pl.Series(name, series);
    }),
  );
  const names = added.map(({ name }) => name);
  return frame.withColumns(...added).withColumns(...names.map((name) => pl.col(name).fillNan(pl.lit(null))));
}

/**
 * What the newest run that was out at `moment` says of the hour that ends at `validAt` (seconds, UTC); NaN where it does
 * not reach that hour. Of a past hour, the newest run that came before it.
 */
export function weatherBy(
  { runs, values }: { runs: Float64Array; values: Float64Array[] },
  validAt: number,
  moment: number,
): number {
  const run = newest(runs, Math.min(moment - WEATHER_RUN_DELAY_SECONDS, validAt - HOUR_SECONDS));
  return run < 0 ? Number.NaN : (values[run]![(validAt - runs[run]!) / HOUR_SECONDS] ?? Number.NaN);
}

async function readTable(path: string): Promise<pl.DataFrame> {
  if (path.endsWith('.parquet')) return readFrame(path);
  const bytes = await readFile(path);
  return pl.readCSV(path.endsWith('.gz') ? gunzipSync(bytes) : bytes, {
    inferSchemaLength: 1000,
    tryParseDates: true,
  });
}

function runsOf(frame: pl.DataFrame, name: string): { runs: Float64Array; values: Float64Array[] } {
  const columns = new Columns(frame);
  if (!frame.columns.includes('datetime')) {
    throw new BadInputError(`${name} has no column datetime.`, 'Give a file with one row a forecast run.');
  }
  const times = columns.seconds('datetime');
  const points = pointLeads(columns);
  const periods = periodLeads(columns);
  if (points.length + periods.length === 0) {
    throw new BadInputError(`${name} has no column of a lead.`, 'Give columns such as `3 hr fcst`.');
  }
  const order = [...times.keys()].sort((a, b) => times[a]! - times[b]!);
  const rows = order.filter((row, i) => i === 0 || times[row] !== times[order[i - 1]!]);
  return {
    runs: Float64Array.from(rows, (row) => times[row]!),
    values: rows.map((row) => (points.length ? interpolated(points, row) : spread(periods, row))),
  };
}

interface Point {
  lead: number;
  values: Float64Array;
}

interface Period {
  from: number;
  to: number;
  kind: string;
  values: Float64Array;
}

function pointLeads(columns: Columns): Point[] {
  return columns.names.flatMap((name) => {
    const lead = name === 'Analysis' ? '0' : /^(\d+) hr fcst$/.exec(name)?.[1];
    return lead === undefined ? [] : [{ lead: Number(lead), values: columns.f64(name) }];
  });
}

function periodLeads(columns: Columns): Period[] {
  return columns.names.flatMap((name) => {
    const [, from, to, kind] = /^(\d+)-(\d+) hr (avg|acc)$/.exec(name) ?? [];
    if (kind === undefined) return [];
    return [{ from: Number(from), to: Number(to), kind, values: columns.f64(name) }];
  });
}

/** Every hour between two leads, on the line between them. */
function interpolated(points: Point[], row: number): Float64Array {
  const result = new Float64Array(LONGEST_LEAD + 1).fill(Number.NaN);
  points.forEach(({ lead, values }, i) => {
    const next = points[i + 1];
    result[lead] = values[row]!;
    if (!next) return;
    for (let hour = lead + 1; hour < next.lead; hour++) {
      const share = (hour - lead) / (next.lead - lead);
      result[hour] = values[row]! * (1 - share) + next.values[row]! * share;
    }
  });
  return result;
}

/**
 * The mean rate of the period that every hour lies in. The source gives every other period from the same start as
 * the one before it (0–3, 0–6, 6–9 …): the second half is the whole less the first, never below 0.
 */
function spread(periods: Period[], row: number): Float64Array {
  const result = new Float64Array(LONGEST_LEAD + 1).fill(Number.NaN);
  periods.forEach(({ from, to, kind, values }, i) => {
    const total = (period: Period) => period.values[row]! * (kind === 'avg' ? period.to - period.from : 1);
    const before = periods[i - 1];
    const part = before && before.from === from && before.to < to ? before : undefined;
    const begin = part ? part.to : from;
    const sum = total({ from, to, kind, values }) - (part ? total(part) : 0);
    // The hour that ends at lead l lies in the period (begin, to].
    result.fill(Math.max(0, sum) / (to - begin), begin + 1, to + 1);
  });
  return result;
}

/** The last of the ascending times that is not after `moment`; −1 for none. */
function newest(times: Float64Array, moment: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= moment) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
