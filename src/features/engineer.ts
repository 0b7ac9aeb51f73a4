import pl from 'nodejs-polars';
import { REGIONS } from '../contracts/regions.ts';
import { BadInputError } from '../errors.ts';
import { ArrowBatch, BatchMemory, type BatchField } from './arrow-batch.ts';
import { DAY_TYPES, localCalendar, SEASONS, type Calendar } from './calendar.ts';
import { catalogueEntry, type CatalogueEntry } from './catalogue.ts';
import { parseFeatureConfig, SERIES, type FeatureConfig, type FeatureOptions } from './config.ts';
import { definitionsOf, type Definition } from './definitions.ts';
import { Evaluation } from './evaluation.ts';
import { numericColumns } from './numeric-columns.ts';
import { optionalDefinitions } from './optional.ts';
import { regionHours, type RegionHours } from './region-hours.ts';
import { Scratch } from './scratch.ts';

export const REQUIRED_COLUMNS = ['timestamp', 'region', ...SERIES] as const;

/** One region's hours without a gap, by the columns that features are made from; NaN where there is no value. */
export interface KnownHours {
  region: string;
  /** The first hour's end, seconds since 1970 UTC. */
  first: number;
  hours: number;
  columns: ReadonlyMap<string, Float64Array>;
}

/**
 * Makes the feature table out of a frame of `timestamp` (an hour's end, UTC), `region`, `demand_mw`,
 * `generation_mw`, `solar_mw` and `wind_mw`. With the default settings 6 columns become 153, 149 of them numeric;
 * docs/features.md lists them. Columns of the optional inputs (see `optionalDefinitions`) add to these.
 *
 * Values are taken as given: whatever stands at a row has to be known when the row's demand is.
 */
export class EnergyFeatureEngineer {
  readonly config: FeatureConfig;

  /** @throws BadInputError on an unknown or wrong setting */
  constructor(options: FeatureOptions = {}) {
    this.config = parseFeatureConfig(options);
  }

  /** What each column of the result is; `columns` are those of the frame given. */
  catalogue(columns: readonly string[] = REQUIRED_COLUMNS): CatalogueEntry[] {
    return this.#definitions(columns).map(catalogueEntry);
  }

  /**
   * All features of all regions in the frame. Rows come back in the order given when that is by region and time,
   * otherwise sorted so; timestamps in microseconds, UTC.
   * @throws BadInputError on missing columns, no rows, or timestamps that are null, doubled or off the hour
   */
  createAllFeatures(frame: pl.DataFrame): pl.DataFrame {
    requireColumns(frame);
    const { frame: sorted, regions } = regionHours(frame);
    const definitions = this.#definitions(frame.columns);
    const inputs = readInputs(sorted, definitions);
    const memory = new BatchMemory();
    const calendars = sharedCalendars();
    const scratch = new Scratch(Math.max(...regions.map(({ hours }) => hours)));
    const parts: pl.DataFrame[] = regions.map((region) =>
      this.#regionFrame(region, inputs, definitions, memory, scratch, calendars),
    );
    return parts.reduce((whole, part) => whole.vstack(part));
  }

  /**
   * The named numeric features of one region without a frame: as `createAllFeatures` stores them, null as NaN, to the
   * bit. `visit` is handed one column after the other, in memory that the next one takes again.
   * @throws BadInputError on a feature that these columns do not make
   */
  forEachFeature(
    { region, first, hours, columns }: KnownHours,
    names: readonly string[],
    visit: (values: Float64Array, name: string) => void,
  ): void {
    const definitions = new Map(
      this.#definitions([...REQUIRED_COLUMNS, ...columns.keys()]).map((one) => [one.name, one]),
    );
    const calendar = localCalendar(this.timeZoneOf(region), first, hours);
    const finite = new Map([...columns].map(([name, values]) => [name, storedAs('float64', values)]));
    const evaluation = new Evaluation({ hours, columns: finite, calendar }, new Scratch(hours));
    const out = new Float64Array(hours);
    const stored = new Float64Array(hours);
    for (const name of names) {
      const expression = definitions.get(name)?.expression;
      if (!expression) {
        throw new BadInputError(
          `The hours of ${region} do not make the feature ${name}.`,
          'Ingest what it is made from, or train again without it.',
        );
      }
      visit(storedAs(this.config.dtype, evaluation.values(expression, out), stored), name);
    }
  }

  /** The zone a region's calendar columns are in; UTC for a region that neither Ringwatt nor the settings know. */
  timeZoneOf(region: string): string {
    return (
      this.config.timeZones[region] ??
      (Object.hasOwn(REGIONS, region) ? REGIONS[region as keyof typeof REGIONS].timeZone : 'UTC')
    );
  }

  #definitions(columns: readonly string[]): Definition[] {
    return [...definitionsOf(this.config), ...optionalDefinitions(columns)];
  }

  #regionFrame(
    region: RegionHours,
    inputs: ReadonlyMap<string, Float64Array>,
    definitions: Definition[],
    memory: BatchMemory,
    scratch: Scratch,
    calendars: typeof localCalendar,
  ): pl.DataFrame {
    const { hours, rowHours } = region;
    const calendar = calendars(this.timeZoneOf(region.region), region.first, hours);
    const columns = new Map([...inputs].map(([name, values]) => [name, onHours(values, region)]));
    const evaluation = new Evaluation({ hours, columns, calendar }, scratch);
    const fields = definitions.map((definition) => this.#field(definition, calendar, region));
    const batch = new ArrowBatch(fields, region.rows, memory);
    const out = scratch.take(hours);
    definitions.forEach(({ expression }, index) => {
      if (expression) batch.store(index, evaluation.values(expression, out), rowHours);
    });
    scratch.giveAllBack();
    return pl.readIPCStream(batch.finish());
  }

  #field({ name, expression }: Definition, calendar: Calendar, region: RegionHours): BatchField {
    if (expression) return { name, type: this.config.dtype };
    if (name === 'timestamp') return { name, type: 'timestamp', seconds: region.seconds };
    const { codes, labels } = labelled(name, calendar, region);
    const { rowHours } = region;
    return {
      name,
      type: 'utf8',
      codes: rowHours ? Uint8Array.from(rowHours, (hour) => codes[hour]!) : codes,
      labels,
    };
  }
}

/** Regions of one time zone and period have one calendar. */
function sharedCalendars(): typeof localCalendar {
  const made = new Map<string, Calendar>();
  return (timeZone, first, count) => {
    const key = `${timeZone} ${first} ${count}`;
    const calendar = made.get(key) ?? localCalendar(timeZone, first, count);
    made.set(key, calendar);
    return calendar;
  };
}

/** A text column, hour by hour. */
function labelled(name: string, { season, dayType }: Calendar, { region, hours }: RegionHours) {
  if (name === 'season') return { codes: season, labels: SEASONS };
  if (name === 'day_type') return { codes: dayType, labels: DAY_TYPES };
  return { codes: new Uint8Array(hours), labels: [region] };
}

/** @throws BadInputError naming the columns that are missing */
export function requireColumns(frame: pl.DataFrame): void {
  const missing = REQUIRED_COLUMNS.filter((name) => !frame.columns.includes(name));
  if (missing.length) {
    throw new BadInputError(
      `The frame has no column ${missing.join(', ')} (it has ${frame.columns.join(', ') || 'none'}).`,
      `Give the six columns ${REQUIRED_COLUMNS.join(', ')}; a series that is not known is a column of nulls.`,
    );
  }
}

/** Every column that a definition reads, as float64; what is not a finite number is NaN. */
function readInputs(frame: pl.DataFrame, definitions: Definition[]): Map<string, Float64Array> {
  const names = definitions.flatMap(({ expression }) =>
    expression?.op === 'column' ? [expression.name] : [],
  );
  const { dtypes, columns } = frame;
  for (const name of names) {
    const type = String(dtypes[columns.indexOf(name)]);
    if (/Int|Float|Null|Decimal/.test(type)) continue;
    throw new BadInputError(`The column ${name} has type ${type}.`, 'Give numbers in MW, or nulls.');
  }
  return new Map(
    numericColumns(frame, names).map((values, i) => {
      for (let row = 0; row < values.length; row++) {
        const value = values[row]!;
        if (value - value !== 0) values[row] = Number.NaN;
      }
      return [names[i]!, values];
    }),
  );
}

function onHours(values: Float64Array, { from, rows, hours, rowHours }: RegionHours): Float64Array {
  const own = values.subarray(from, from + rows);
  if (!rowHours) return own;
  const result = new Float64Array(hours).fill(Number.NaN);
  rowHours.forEach((hour, row) => (result[hour] = own[row]!));
  return result;
}

/** Values as a column of that type holds them: what is not finite in it is null, here NaN. */
function storedAs(
  dtype: FeatureConfig['dtype'],
  values: Float64Array,
  stored = new Float64Array(values.length),
): Float64Array {
  const narrow = dtype === 'float32';
  for (let row = 0; row < values.length; row++) {
    const value = narrow ? Math.fround(values[row]!) : values[row]!;
    stored[row] = value - value === 0 ? value : Number.NaN;
  }
  return stored;
}
