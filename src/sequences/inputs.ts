import { HOUR_SECONDS } from '../contracts/time.ts';
import { BadInputError, CorruptArtifactError } from '../errors.ts';
import { catalogueHash } from '../features/catalogue.ts';
import { SERIES } from '../features/config.ts';
import { EnergyFeatureEngineer } from '../features/engineer.ts';
import { numericColumns } from '../features/numeric-columns.ts';
import { asKnownColumns, type ValidatedRows } from '../features/validated-rows.ts';
import type { Columns } from '../lake/parquet.ts';
import { CONTEXT_REACH_HOURS, contextChannelNames, contextChannels } from './context-channels.ts';
import { applyNormaliser, scalingOf, type Normaliser } from './normaliser.ts';

/** One region's hours as a model takes them. */
export interface RegionInputs {
  region: string;
  channels: string[];
  /** The first row's hour end, seconds since 1970 UTC. */
  first: number;
  hours: number;
  /** hours × channels, row-major: normalised features, masks of the four series, context; nowhere NaN. */
  inputs: Float32Array;
  /** MW, NaN where there is none. */
  demandKnown: Float32Array;
  demandFinal: Float32Array;
  forecast: Float32Array;
}

/** The names of the channels that a normaliser's columns make, in their order. */
export function channelNames({ columns, horizon }: Normaliser): string[] {
  return [...columns, ...SERIES.map((name) => `has_${name}`), ...contextChannelNames(horizon)];
}

/**
 * The channels of rows `from` up to, without, `to` of a region (default: all). `features` is the region's feature
 * table, row for row beside the validated rows; `fitted` may be of any training run that knew the region.
 */
export function buildInputs(
  features: Columns,
  rows: ValidatedRows,
  fitted: Normaliser,
  span: { from?: number; to?: number } = {},
): RegionInputs {
  requireSameHours(features, rows);
  const columns = numericColumns(features.frame, fitted.columns);
  return inputsOf(rows, fitted, span, (put) => columns.forEach(put));
}

/** `features` hands on every column of the normaliser, in its order. */
function inputsOf(
  rows: ValidatedRows,
  fitted: Normaliser,
  { from = 0, to = rows.hours }: { from?: number; to?: number },
  features: (put: (values: Float64Array, column: number) => void) => void,
): RegionInputs {
  scalingOf(fitted, rows.region);
  const channels = channelNames(fitted);
  const width = channels.length;
  const inputs = new Float32Array((to - from) * width);
  features((values, column) => {
    const name = fitted.columns[column]!;
    applyNormaliser(fitted, rows.region, column, values, { inputs, width, channel: column, from });
    const series = (SERIES as readonly string[]).indexOf(name);
    if (series >= 0) putMask(values, { inputs, width, channel: fitted.columns.length + series, from });
  });
  const timeZone = new EnergyFeatureEngineer().timeZoneOf(rows.region);
  const before = Math.max(0, from - CONTEXT_REACH_HOURS);
  const context = contextChannels(rows.demand.subarray(before, to), {
    first: rows.first + before * HOUR_SECONDS,
    timeZone,
    horizon: fitted.horizon,
  });
  context.forEach(({ values }, i) => {
    let at = fitted.columns.length + SERIES.length + i;
    for (let row = from - before; row < values.length; row++, at += width) inputs[at] = values[row]!;
  });
  const cut = (values: Float64Array) => Float32Array.from(values.subarray(from, to));
  return {
    region: rows.region,
    channels,
    first: rows.first + from * HOUR_SECONDS,
    hours: to - from,
    inputs,
    demandKnown: cut(rows.demand),
    demandFinal: cut(rows.demandFinal),
    forecast: cut(rows.forecast.values),
  };
}

/**
 * The channels of the last `hours` validated hours of a region before row `to`, features computed on the way: what a
 * forecast needs that is not in any stored dataset.
 * @throws BadInputError when the model was trained on other features than this version computes
 */
export function inputsForForecast(
  rows: ValidatedRows,
  fitted: Normaliser,
  hours: number,
  to = rows.hours,
): RegionInputs {
  const engineer = new EnergyFeatureEngineer({ dtype: fitted.dtype });
  if (catalogueHash(engineer.catalogue()) !== fitted.catalogueHash) {
    throw new BadInputError(
      'The model was trained on another feature catalogue than this version of Ringwatt computes.',
      'Train it again, or use the version of Ringwatt that trained it.',
    );
  }
  // Without a frame: for the few thousand hours of a forecast polars takes longer to be handed them than to answer.
  const known = { region: rows.region, first: rows.first, hours: rows.hours, columns: asKnownColumns(rows) };
  return inputsOf(rows, fitted, { from: Math.max(0, to - hours), to }, (put) => {
    let column = 0;
    engineer.forEachFeature(known, fitted.columns, (values) => put(values, column++));
  });
}

function putMask(
  values: Float64Array,
  { inputs, width, channel, from }: { inputs: Float32Array; width: number; channel: number; from: number },
): void {
  for (let at = channel, row = from; at < inputs.length; at += width, row++) {
    inputs[at] = Number.isFinite(values[row]!) ? 1 : 0;
  }
}

function requireSameHours(features: Columns, { region, first, hours }: ValidatedRows): void {
  const begin = features.rows ? features.seconds('timestamp')[0] : undefined;
  if (features.rows !== hours || begin !== first) {
    throw new CorruptArtifactError(
      `The feature table of ${region} does not cover the same hours as its validated table.`,
      'Run `features` again.',
    );
  }
}
