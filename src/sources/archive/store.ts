import { join } from 'node:path';
import { REGION_CODES, type RegionCode } from '../../contracts/regions.ts';
import { fromHourStamp } from '../../contracts/time.ts';
import { BadInputError } from '../../errors.ts';
import { availableAt, revisionAvailableAt, type DfAvailability } from '../availability.ts';
import { FUEL_CODES, FUEL_NAMES, RESPONDENT_NAMES, TYPE_NAMES, type EiaRoute } from './catalogue.ts';
import { NO_VALUE, readGridFiles, type GridColumns } from './grid-file.ts';
import { hourAtOrAfter, HOURS, secondsOfHour } from './timeline.ts';

/** One series of one region: a row an hour for the hours `from` ≤ hour < `to`, with nulls inside. */
export interface Line {
  region: RegionCode;
  /** `D`, `DF` or a fuel such as `SUN`. */
  code: string;
  from: number;
  to: number;
  /** MW by hour index, `NO_VALUE` for null. */
  values: Int32Array;
  /** What stands in a row between the period and the value, and after the value. */
  head: string;
  tail: string;
}

export interface Archive {
  lines: Record<EiaRoute, Line[]>;
}

export interface ArchiveOptions {
  /** Seconds since 1970; nothing published later is shown, and revisions that came later are undone. */
  clock?: number;
  dfAvailability: DfAvailability;
  /** Changes that the record never had, so that what watches it has something to find. */
  planted?: readonly PlantedChange[];
}

/** Of a series such as `D` or `FUEL:SUN`, from the one hour's end to the other, both included. */
export interface PlantedChange {
  region: RegionCode;
  series: string;
  from: string;
  to: string;
  factor: number;
}

/** Loads the shipped record. Fails with `MissingDataError` or `CorruptArtifactError` when files lack or differ. */
export async function loadArchive(folder: string, options: ArchiveOptions): Promise<Archive> {
  const lines: Record<EiaRoute, Line[]> = { 'region-data': [], 'fuel-type-data': [], 'interchange-data': [] };
  const files = await readGridFiles(REGION_CODES.map((region) => join(folder, 'grid', `${region}.parquet`)));
  for (const [index, region] of REGION_CODES.entries()) {
    const columns = files[index]!;
    const add = (route: EiaRoute, code: string, series: string, recorded: Int32Array) => {
      const values = withPlanted(recorded, region, series, options.planted);
      const [from, to] = visibleRange(values, series, region, options);
      if (from < to) lines[route].push({ region, code, from, to, values, ...fragments(route, region, code) });
    };
    add('region-data', 'D', 'D', demand(columns, options.clock));
    add('region-data', 'DF', 'DF', columns.get('forecast_mw')!);
    for (const code of FUEL_CODES) {
      const values = columns.get(`fuel_${code.toLowerCase()}_mw`);
      if (values) add('fuel-type-data', code, `FUEL:${code}`, values);
    }
  }
  return { lines };
}

/** The later collection's value where it has the hour, but the first one's until the revision was out. */
function demand(columns: GridColumns, clock: number | undefined): Int32Array {
  const first = columns.get('demand_first_mw')!;
  const later = columns.get('demand_later_mw')!;
  const [from, to] = [firstValue(later), lastValue(first) + 1];
  const revised = clock === undefined ? to : hoursRevisedBy(clock);
  return first.map((value, hour) => (hour < from || (hour < to && hour >= revised) ? value : later[hour]!));
}

function withPlanted(
  values: Int32Array,
  region: RegionCode,
  series: string,
  planted: readonly PlantedChange[] = [],
): Int32Array {
  const own = planted.filter((change) => change.region === region && change.series === series);
  if (own.length === 0) return values;
  const changed = values.slice();
  for (const { from, to, factor } of own) {
    const end = hourAtOrAfter(fromHourStamp(to) + 1);
    for (let hour = hourAtOrAfter(fromHourStamp(from)); hour < end; hour++) {
      if (changed[hour] !== NO_VALUE) changed[hour] = Math.round(changed[hour]! * factor);
    }
  }
  return changed;
}

/** How many hours from the start of the record had been revised at a time. */
function hoursRevisedBy(clock: number): number {
  return countWhile(HOURS, (hour) => revisionAvailableAt(secondsOfHour(hour)) <= clock);
}

/** From the first to the last hour with a value, as far as it was published. */
function visibleRange(
  values: Int32Array,
  series: string,
  region: RegionCode,
  { clock, dfAvailability }: ArchiveOptions,
): [number, number] {
  const from = firstValue(values);
  const to = lastValue(values) + 1;
  if (clock === undefined) return [from, to];
  const published = countWhile(
    HOURS,
    (hour) => availableAt(series, secondsOfHour(hour), region, dfAvailability) <= clock,
  );
  return [from, Math.min(to, published)];
}

/** The number of leading indices for which a condition holds that, once false, stays false. */
function countWhile(length: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstValue(values: Int32Array): number {
  const index = values.findIndex((value) => value !== NO_VALUE);
  return index < 0 ? values.length : index;
}

const lastValue = (values: Int32Array) => values.findLastIndex((value) => value !== NO_VALUE);

function fragments(route: EiaRoute, region: RegionCode, code: string): { head: string; tail: string } {
  const [facet, name] =
    route === 'region-data'
      ? ['type', TYPE_NAMES[code as keyof typeof TYPE_NAMES]]
      : ['fueltype', FUEL_NAMES[code as keyof typeof FUEL_NAMES]];
  const fields = {
    respondent: region,
    'respondent-name': RESPONDENT_NAMES[region],
    [facet]: code,
    'type-name': name,
  };
  return { head: `",${JSON.stringify(fields).slice(1, -1)}`, tail: `,"value-units":"megawatthours"}` };
}

/** Seconds since 1970 of an ISO time such as `2018-05-01T10:00Z`; without a zone it is UTC. */
export function parseClock(text: string): number {
  const zoned = /(Z|[+-]\d{2}:?\d{2})$/i.test(text) || !text.includes('T') ? text : `${text}Z`;
  const full = zoned.replace(/^(\d{4}-\d{2}-\d{2}T\d{2})(?=Z|[+-]|$)/, '$1:00');
  const milliseconds = Date.parse(full);
  if (Number.isNaN(milliseconds)) {
    throw new BadInputError(`The clock "${text}" is not a time.`, 'Give one such as 2018-05-01T10:00Z.');
  }
  return milliseconds / 1000;
}
