import { CorruptArtifactError, MissingDataError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { readVersionRecord, type ModelVersion } from './versions.ts';

const regionsOf = ({ record }: Pick<ModelVersion, 'record'>): string[] =>
  record.metrics.map(({ region }) => region);

/** Regions that a version forecasts, and that would have no forecast where only these have one. */
export const regionsLost = (version: Pick<ModelVersion, 'record'>, kept: readonly string[]): string[] =>
  regionsOf(version).filter((region) => !kept.includes(region));

/** Regions that have no forecast any more since a version took the place of another; none where a record cannot be read. */
export async function regionsLostBy(
  home: Home,
  { name, version, previous }: { name: string; version: number; previous: number },
): Promise<string[]> {
  try {
    const before = await readVersionRecord(home, name, previous);
    return regionsLost(before, regionsOf(await readVersionRecord(home, name, version)));
  } catch (error) {
    // It was the lifecycle's to refuse a version; of the one before, nothing more than this is to be told.
    if (error instanceof CorruptArtifactError || error instanceof MissingDataError) return [];
    throw error;
  }
}
