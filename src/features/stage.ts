import type { FeaturesInput, StageResult } from '../contracts/stages.ts';
import type { Manifest } from '../contracts/artifact.ts';
import { CorruptArtifactError } from '../errors.ts';
import { onceByKey, readManifest, referTo, verifiedPath } from '../lake/artifacts.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { canonicalJson } from '../lake/canonical.ts';
import { writeFrame } from '../lake/parquet.ts';
import type { StageContext } from '../stages/context.ts';
import { catalogueHash, type CatalogueEntry } from './catalogue.ts';
import { EnergyFeatureEngineer } from './engineer.ts';
import { asKnownFrame, readValidatedRows } from './validated-rows.ts';
import { readWeatherFolder, SHIPPED_WEATHER, weatherFiles } from './weather-folder.ts';
import { withWeather } from './weather.ts';

/** Raised when the same rows and settings would give another table. */
const VERSION = 1;

/**
 * Makes the feature table of every region of a validated dataset: one Parquet file a region, and the catalogue
 * (role `catalogue`) of the columns that all of them have.
 */
export async function engineerFeatures(context: StageContext, input: FeaturesInput): Promise<StageResult> {
  const { home } = context;
  const validated = await readManifest(home, input.dataset, 'validated');
  const tables = validated.files.filter(({ region }) => region !== undefined);
  if (tables.length === 0) {
    throw new CorruptArtifactError(`${input.dataset.uri} lists no region.`, 'Validate again.');
  }
  const engineer = new EnergyFeatureEngineer({ dtype: input.dtype });
  const regions = tables.map(({ region }) => region!);
  // Absent where it is not asked for, so that such tables keep their key.
  const weather = input.weather && { weather: await weatherFiles(SHIPPED_WEATHER, regions) };
  const work = {
    kind: 'features' as const,
    stage: 'engineerFeatures',
    version: VERSION,
    settings: { ...engineer.config, catalogue: catalogueHash(engineer.catalogue()), ...weather },
    inputs: [input.dataset],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    const bytesPerRow = engineer.catalogue().length * (input.dtype === 'float32' ? 4 : 8);
    await home.requireFreeSpace(validated.rows * bytesPerRow, 'Feature engineering');
    const runs = weather ? await readWeatherFolder(SHIPPED_WEATHER, regions) : [];
    const files: Manifest['files'] = [];
    const optional: Record<string, string[]> = {};
    for (const table of tables) {
      context.signal.throwIfAborted();
      const region = table.region!;
      context.progress({
        stage: 'features',
        done: files.length,
        total: tables.length,
        unit: 'regions',
        note: region,
      });
      const known = asKnownFrame(await readValidatedRows(await verifiedPath(home, table), region));
      const own = runs.filter((each) => each.region === region);
      const frame = own.length === 0 ? known : withWeather(known, own);
      const features = engineer.createAllFeatures(frame);
      const uri = `features/${key}/region=${region}.parquet`;
      await writeFrame(home.path(uri), features);
      files.push({ ...(await referTo(home, uri, features.height)), region });
      optional[region] = namesOf(engineer.catalogue(frame.columns), 'optional');
    }
    context.progress({ stage: 'features', done: files.length, total: tables.length, unit: 'regions' });
    const catalogueUri = `features/${key}/catalogue.json`;
    await writeFileAtomic(home.path(catalogueUri), `${canonicalJson(engineer.catalogue())}\n`);
    return {
      files: [...files, { ...(await referTo(home, catalogueUri)), role: 'catalogue' }],
      rows: files.reduce((sum, { rows = 0 }) => sum + rows, 0),
      details: { columns: engineer.catalogue().length, optional, dtype: input.dtype },
    };
  });
  return {
    dataset: reference,
    reused,
    facts: {
      regions: tables.length,
      hours: manifest.rows,
      columns: manifest.details['columns'] as number,
      dtype: input.dtype,
      megabytes: Math.round(manifest.files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6),
    },
  };
}

const namesOf = (entries: CatalogueEntry[], category: CatalogueEntry['category']) =>
  entries.filter((entry) => entry.category === category).map(({ name }) => name);
