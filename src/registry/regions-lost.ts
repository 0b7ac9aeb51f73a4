import type { LifecycleEvent } from '../contracts/lifecycle.ts';
import { CorruptArtifactError, MissingDataError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { readVersionRecord, type ModelVersion } from './versions.ts';

const regionsOf = ({ record }: Pick<ModelVersion, 'record'>): string[] =>
  record.metrics.map(({ region }) => region);

/** Regions that a version forecasts, and that would have no forecast where only these have one. */
export const regionsLost = (version: Pick<ModelVersion, 'record'>, kept: readonly string[]): string[] =>
  regionsOf(version).filter((region) => !kept.includes(region));

/**
 * Regions that lost their forecast by a promotion or a rollback, which the lifecycle does not judge; none by anything
 * else, and none where a record cannot be read.
 */
export async function regionsLostBy(
  home: Home,
  name: string,
  { kind, version, previous }: Pick<LifecycleEvent, 'kind' | 'version' | 'previous'>,
): Promise<string[]> {
  if ((kind !== 'promoted' && kind !== 'rolled-back') || version === null || previous === null) return [];
  try {
    const before = await readVersionRecord(home, name, previous);
    return regionsLost(before, regionsOf(await readVersionRecord(home, name, version)));
  } catch (error) {
    // The promotion has happened, and the lifecycle checked the version: an unreadable record is no failure of it.
    if (error instanceof CorruptArtifactError || error instanceof MissingDataError) return [];
    throw error;
  }
}
