import type { Manifest } from '../contracts/artifact.ts';
import { regionCode, type RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS, toHourStamp } from '../contracts/time.ts';
import { MissingDataError } from '../errors.ts';
import type { DatedSeries } from '../features/alignment.ts';
import { catalogue } from '../features/catalogue.ts';
import { readValidatedRows, type ValidatedRows } from '../features/validated-rows.ts';
import { verifiedPath } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { readColumns } from '../lake/parquet.ts';
import { inputsForForecast } from '../sequences/inputs.ts';
import type { Normaliser } from '../sequences/normaliser.ts';
import { SEASON_HOURS, seasonalLag } from '../sequences/seasonal-base.ts';
import type { SequencePredictor } from './predictions.ts';
import { DEMAND_DELAY_HOURS } from './protocol.ts';

/** What is forecast for one hour of a region. */
export interface ForecastRow {
  region: RegionCode;
  /** UTC, like `2018-01-01T00`. */
  issuedAt: string;
  /** The target hour's end, UTC. */
  hour: string;
  /** Hours from the issue time to the target; 0 is the hour that has just ended and is not published yet. */
  lead: number;
  forecastMw: number;
  /** At `QUANTILES`, ascending; null where the model's hourly heads have answered, which know the middle alone. */
  quantilesMw: number[] | null;
  /** Demand of the newest known hour of the same hour of day: what a forecast has to beat. */
  latestKnownMw: number;
}

/** A region's validated hours, and where demand was published rather than filled in. */
export interface RegionRecord {
  rows: ValidatedRows;
  /** At each row the newest row up to it whose demand was published; −1 before the first. */
  published: Int32Array;
}

/**
 * How far before its row an input may look: the longest window of a feature, over values that are themselves up to
 * a week old, and two weeks for the context channels.
 */
export const REACH_HOURS = Math.max(...catalogue().map(({ windowHours }) => windowHours)) + 2 * 168;

export async function readRegionRecord(
  home: Home,
  validated: Manifest,
  region: RegionCode,
): Promise<RegionRecord> {
  const file = validated.files.find((candidate) => candidate.region === region);
  if (!file) {
    throw new MissingDataError(
      `The grid record has no demand of ${region}.`,
      `Ingest ${region}, or forecast other regions.`,
    );
  }
  const path = await verifiedPath(home, file);
  const imputed = (await readColumns(path, ['demand_imputed'])).f64('demand_imputed');
  return recordOf(await readValidatedRows(path, region), imputed);
}

/** @param imputed 1 where demand was filled in */
export function recordOf(rows: ValidatedRows, imputed: ArrayLike<number>): RegionRecord {
  let newest = -1;
  const published = Int32Array.from(rows.demand, (mw, row) =>
    Number.isFinite(mw) && imputed[row] !== 1 ? (newest = row) : newest,
  );
  if (newest === -1) {
    throw new MissingDataError(`${rows.region} has no demand at all.`, 'Ingest hours that have some.');
  }
  return { rows, published };
}

export interface ForecastModel {
  predictor: SequencePredictor;
  normaliser: Normaliser;
  /** Hours of history that it looks back on. */
  sequenceLength: number;
}

/**
 * The next hours of a region as the model sees them at `issuedAt` (seconds since 1970): it stands at the newest hour
 * whose demand is known then, and no row of its inputs is later than that.
 */
export async function forecastRegion(
  model: ForecastModel,
  record: RegionRecord,
  issuedAt: number,
): Promise<ForecastRow[]> {
  const { rows } = record;
  const region = regionCode.parse(rows.region);
  const standing = standingRow(record, issuedAt);
  const { predictor, normaliser, sequenceLength } = model;
  const from = Math.max(0, standing + 1 - sequenceLength - REACH_HOURS);
  const recent = cutRows(rows, from, standing + 1 + predictor.horizon);
  const { inputs, hours } = inputsForForecast(recent, normaliser, sequenceLength, standing + 1 - from);
  const ratios = await predictor.predict(inputs, hours, region);
  const last = ratios.subarray((hours - 1) * predictor.horizon);
  return Array.from(last, (logRatio, i) => {
    const step = i + 1;
    const latestKnownMw = rows.demand[standing + step - seasonalLag(step)]!;
    const hour = rows.first + (standing + step) * HOUR_SECONDS;
    return {
      region,
      issuedAt: toHourStamp(issuedAt),
      hour: toHourStamp(hour),
      lead: (hour - issuedAt) / HOUR_SECONDS,
      forecastMw: latestKnownMw * Math.exp(logRatio),
      quantilesMw: null,
      latestKnownMw,
    };
  });
}

/** Rows `from` to `to`, excluded, or to the end: what lies ahead of the issue is what others forecast of it. */
export function cutRows(rows: ValidatedRows, from: number, to: number): ValidatedRows {
  const dated = ({ values, availableAt }: DatedSeries): DatedSeries => ({
    values: values.slice(from, to),
    availableAt: availableAt.slice(from, to),
  });
  return {
    region: rows.region,
    first: rows.first + from * HOUR_SECONDS,
    hours: Math.min(rows.hours, to) - from,
    demand: rows.demand.slice(from, to),
    demandFinal: rows.demandFinal.slice(from, to),
    forecast: dated(rows.forecast),
    generation: dated(rows.generation),
    solar: dated(rows.solar),
    wind: dated(rows.wind),
    fuels: new Map([...rows.fuels].map(([name, series]) => [name, dated(series)])),
  };
}

/** The row of the newest hour whose demand is known at `issuedAt`; refuses where there is too little before it. */
export function standingRow({ rows, published }: RegionRecord, issuedAt: number): number {
  const { region, first, demand } = rows;
  const standing = (issuedAt - first) / HOUR_SECONDS - DEMAND_DELAY_HOURS;
  const stamp = (row: number) => toHourStamp(first + row * HOUR_SECONDS);
  const begins = demand.findIndex((mw) => mw > 0);
  if (standing - SEASON_HOURS < begins) {
    throw new MissingDataError(
      `Demand of ${region} begins at ${stamp(begins)}, too late for a forecast issued at ${toHourStamp(issuedAt)}.`,
      `Give an issue time of ${stamp(begins + SEASON_HOURS + DEMAND_DELAY_HOURS)} or later.`,
    );
  }
  const newest = published[Math.min(standing, rows.hours - 1)]!;
  if (standing >= rows.hours || standing - newest >= SEASON_HOURS) {
    throw new MissingDataError(
      `Before ${toHourStamp(issuedAt)} the newest demand of ${region} is that of ${stamp(newest)}: a forecast would rest on filled-in values alone.`,
      'Ingest the hours in between, or give another issue time.',
    );
  }
  return standing;
}
