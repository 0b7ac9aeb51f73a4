import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../config/machine.ts';
import { MissingDataError } from '../errors.ts';
import { sha256 } from '../lake/canonical.ts';
import { readWeatherForecasts, type WeatherRuns } from './weather.ts';

/** The runs that come with Ringwatt: CISO and ERCO. */
export const SHIPPED_WEATHER = join(PROJECT_ROOT, 'data', 'weather');

const FILE = /^([A-Z]+)_AVG_[A-Z_]+\.(parquet|csv|csv\.gz)$/;

/**
 * The files of a folder that are of one of the regions, by their names, with their SHA-256.
 * @throws MissingDataError when there is none: the columns asked for could not be made for any region
 */
export async function weatherFiles(
  folder: string,
  regions: readonly string[],
): Promise<{ name: string; region: string; sha256: string }[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  const found = names.toSorted().flatMap((name) => {
    const region = FILE.exec(name)?.[1];
    return region !== undefined && regions.includes(region) ? [{ name, region }] : [];
  });
  if (found.length === 0) {
    throw new MissingDataError(
      `${folder} has no weather forecasts of ${regions.join(', ')}.`,
      `Put files such as ${regions[0]}_AVG_TEMP.parquet there, or leave the weather out.`,
    );
  }
  return Promise.all(
    found.map(async (file) => ({ ...file, sha256: sha256(await readFile(join(folder, file.name))) })),
  );
}

/** The runs of all those regions that the folder has files of. */
export async function readWeatherFolder(folder: string, regions: readonly string[]): Promise<WeatherRuns[]> {
  const files = await weatherFiles(folder, regions);
  const present = [...new Set(files.map(({ region }) => region))];
  return Promise.all(present.map((region) => readWeatherForecasts(folder, region)));
}
