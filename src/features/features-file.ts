import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { REGIONS } from '../contracts/regions.ts';
import type pl from 'nodejs-polars';
import { BadInputError } from '../errors.ts';
import { writeFrame } from '../lake/parquet.ts';
import type { FeatureOptions } from './config.ts';
import { EnergyFeatureEngineer, requireColumns } from './engineer.ts';
import { readSixColumns } from './read-table.ts';
import { readWeatherFolder } from './weather-folder.ts';
import { withWeather } from './weather.ts';

export interface FeaturesFileResult {
  rows: number;
  regions: string[];
  columnsIn: number;
  columnsOut: number;
  /** Regions whose time zone is not known: their calendar columns are in UTC. */
  regionsInUtc: string[];
  /** Columns of the input that no feature is made from. */
  ignored: string[];
}

/**
 * Makes the feature table of any six-column file and writes it as Parquet; with the columns of the weather forecast
 * runs that a folder has of its regions, if one is given.
 * @throws BadInputError, MissingDataError as `readSixColumns` and `createAllFeatures` do
 */
export async function featuresFile(
  input: string,
  output: string,
  { weather, ...options }: FeatureOptions & { weather?: string | undefined } = {},
): Promise<FeaturesFileResult> {
  if (!output.endsWith('.parquet')) {
    throw new BadInputError(`${output} does not end in .parquet.`, 'Feature tables are written as Parquet.');
  }
  if (!existsSync(dirname(output))) {
    throw new BadInputError(`The folder ${dirname(output)} is not there.`, 'Make it, or write elsewhere.');
  }
  const engineer = new EnergyFeatureEngineer(options);
  const given = await readSixColumns(input);
  const frame = weather === undefined ? given : await addWeather(given, weather);
  const features = engineer.createAllFeatures(frame);
  await writeFrame(output, features);
  const regions = (features.getColumn('region').unique().toArray() as string[]).toSorted();
  return {
    rows: features.height,
    regions,
    columnsIn: given.width,
    columnsOut: features.width,
    regionsInUtc: regions.filter(
      (region) => !Object.hasOwn(REGIONS, region) && !Object.hasOwn(engineer.config.timeZones, region),
    ),
    ignored: given.columns.filter((name) => !features.columns.includes(name)),
  };
}

async function addWeather(frame: pl.DataFrame, folder: string): Promise<pl.DataFrame> {
  requireColumns(frame);
  const regions = frame.getColumn('region').unique().toArray() as string[];
  return withWeather(frame, await readWeatherFolder(folder, regions.toSorted()));
}
