import type { ChampionRecord } from '../contracts/lifecycle.ts';
import type { RegisterInput, RegisterResult, RegionScore } from '../contracts/stages.ts';
import type { StageContext } from '../stages/context.ts';
import { readChampion } from './champion.ts';
import { modelNames, versionNumbers } from './layout.ts';
import { withModelLock } from './lock.ts';
import { placeVersion, versionOfLineage } from './registration.ts';
import { readVersionRecord } from './versions.ts';

export { readChampion, writeChampion } from './champion.ts';
export { appendHistory, readHistory } from './history.ts';
export { readVersion, type ModelVersion } from './versions.ts';

/** Registers a trained and scored model as the next version of `name`; the same lineage again gives the same version. */
export async function registerModel(context: StageContext, input: RegisterInput): Promise<RegisterResult> {
  context.signal.throwIfAborted();
  const result = await withModelLock(context.home, input.name, async () => {
    return (await versionOfLineage(context.home, input)) ?? (await placeVersion(context.home, input));
  });
  context.progress({
    stage: 'register',
    done: 1,
    total: 1,
    unit: 'models',
    note: `version ${result.version}`,
  });
  return result;
}

export interface ModelListing {
  name: string;
  champion: ChampionRecord | null;
  /** Ascending. */
  versions: { version: number; sha256: string; createdAt: string; scores: RegionScore[] }[];
}

/** All models of the home, or the one of that name, with their versions and champions. */
export async function listModels(
  { home }: Pick<StageContext, 'home'>,
  { name }: { name?: string } = {},
): Promise<ModelListing[]> {
  const names = name === undefined ? await modelNames(home) : [name];
  return Promise.all(
    names.map(async (model) => {
      const numbers = await versionNumbers(home, model);
      const versions = numbers.map(async (version) => {
        const { record, sha256 } = await readVersionRecord(home, model, version);
        return { version, sha256, createdAt: record.createdAt, scores: record.metrics };
      });
      return {
        name: model,
        champion: await readChampion({ home }, { name: model }),
        versions: await Promise.all(versions),
      };
    }),
  );
}
