import { fileURLToPath } from 'node:url';
import pl from 'nodejs-polars';
import { EnergyFeatureEngineer } from '../features/engineer.ts';
import { readFrame } from '../lake/parquet.ts';
import { createEnergySequenceDataset } from '../sequences/dataset.ts';
import { RingAttentionSequenceGenerator } from '../sequences/ring-generator.ts';

const REGION = 'ERCO';
const SHIPPED = fileURLToPath(new URL(`../../data/grid/${REGION}.parquet`, import.meta.url));
const FOUR_WEEKS = 672;
const SIX_WEEKS = 1008;
const YEAR = 8760;
const RING_SIZE = 4;

export interface FeaturesDemo {
  region: string;
  source: string;
  features: {
    hours: number;
    columnsIn: number;
    columnsOut: number;
    numeric: number;
    categories: Record<string, number>;
    megabytes: number;
    milliseconds: number;
    /** Of the numeric cells: windows longer than the record, and net generation, which is not shipped. */
    nullPercent: number;
  };
  sequences: {
    hours: number;
    shape: [number, number, number];
    /** One buffer that all sequences look at, against copies of each. */
    megabytesHeld: number;
    megabytesCopied: number;
  };
  ring: { hours: number; ringSize: number; layout: string; tokensPerRank: number; megabytesPerRank: number };
}

/** Features, sequences and ring sequences of the shipped record, with their sizes. */
export async function runFeaturesDemo(): Promise<FeaturesDemo> {
  const year = await shippedYear();
  const engineer = new EnergyFeatureEngineer();
  const fourWeeks = year.slice(0, FOUR_WEEKS);
  const started = performance.now();
  const table = engineer.createAllFeatures(fourWeeks);
  const milliseconds = performance.now() - started;
  const entries = engineer.catalogue();
  const numeric = entries.filter((entry) => entry.numeric).map(({ name }) => name);
  const nulls = numeric.reduce((sum, name) => sum + table.getColumn(name).nullCount(), 0);
  const { sequences } = createEnergySequenceDataset(year.slice(0, SIX_WEEKS));
  const [count, hours, width] = sequences.shape;
  const ring = new RingAttentionSequenceGenerator({ sequenceLength: YEAR, ringSize: RING_SIZE })
    .createRingSequences(engineer.createAllFeatures(year.slice(0, YEAR)))
    .at(0)
    .part(0);
  return {
    region: REGION,
    source: 'the shipped record of 2019, as published',
    features: {
      hours: FOUR_WEEKS,
      columnsIn: fourWeeks.width,
      columnsOut: table.width,
      numeric: numeric.length,
      categories: countBy(entries.map(({ category }) => category)),
      megabytes: megabytes(FOUR_WEEKS * numeric.length * Float32Array.BYTES_PER_ELEMENT),
      milliseconds: Math.round(milliseconds),
      nullPercent: Number(((100 * nulls) / (numeric.length * FOUR_WEEKS)).toFixed(1)),
    },
    sequences: {
      hours: SIX_WEEKS,
      shape: sequences.shape,
      megabytesHeld: megabytes(sequences.bytes),
      megabytesCopied: megabytes(count * (hours + 1) * width * Float32Array.BYTES_PER_ELEMENT),
    },
    ring: {
      hours: YEAR,
      ringSize: RING_SIZE,
      layout: 'zigzag',
      tokensPerRank: ring.positions.length,
      megabytesPerRank: megabytes(ring.inputs.byteLength),
    },
  };
}

/** The demo's result for a terminal. */
export function describeFeaturesDemo({ region, source, features, sequences, ring }: FeaturesDemo): string {
  const categories = Object.entries(features.categories).map(([name, count]) => `${count} ${name}`);
  return [
    `${region}, ${source}`,
    '',
    `Features   ${features.columnsIn} columns × ${features.hours} hours → ${features.columnsOut} columns (${features.numeric} numeric) in ${features.milliseconds} ms`,
    `           ${categories.join(', ')}`,
    `           ${features.megabytes} MB as float32; ${features.nullPercent} % null (net generation is not shipped, long windows are not full yet)`,
    `Sequences  ${sequences.hours} hours → ${sequences.shape.join(' × ')} (sequences × hours × features)`,
    `           ${sequences.megabytesHeld} MB held for all of them; copied out they would be ${sequences.megabytesCopied} MB`,
    `Ring       ${ring.hours} hours over ${ring.ringSize} ranks, ${ring.layout}: ${ring.tokensPerRank} hours, ${ring.megabytesPerRank} MB a rank`,
  ].join('\n');
}

/** The six columns of 2019, when solar and wind are shipped; net generation is not, so it is null. */
async function shippedYear(): Promise<pl.DataFrame> {
  const shipped = await readFrame(SHIPPED, ['valid_at', 'demand_first_mw', 'fuel_sun_mw', 'fuel_wnd_mw']);
  return shipped
    .filter(pl.col('valid_at').gt(pl.lit(new Date('2019-01-01T00:00:00Z')).cast(pl.Datetime('us', 'UTC'))))
    .select(
      pl.col('valid_at').alias('timestamp'),
      pl.lit(REGION).alias('region'),
      pl.col('demand_first_mw').cast(pl.Float64).alias('demand_mw'),
      pl.lit(null).cast(pl.Float64).alias('generation_mw'),
      pl.col('fuel_sun_mw').cast(pl.Float64).alias('solar_mw'),
      pl.col('fuel_wnd_mw').cast(pl.Float64).alias('wind_mw'),
    )
    .slice(0, YEAR);
}

function countBy(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const megabytes = (bytes: number) => Number((bytes / 1e6).toFixed(2));
