import {
  activeCanary,
  canaryStatusOf,
  type CanaryStatus,
  type ChampionRecord,
} from '../contracts/lifecycle.ts';
import type { RegisterInput, RegisterResult, RegionScore } from '../contracts/stages.ts';
import { CorruptArtifactError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import type { StageContext } from '../stages/context.ts';
import { readCanary } from './canary.ts';
import { readChampion } from './champion.ts';
import { modelNames, versionNumbers } from './layout.ts';
import { withModelLock } from './lock.ts';
import { placeVersion, versionOfLineage } from './registration.ts';
import { readVersionRecord } from './versions.ts';

export { readCanary, writeCanary } from './canary.ts';
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
  /** What answers a share of the forecasts that name no version. */
  canary: CanaryStatus | null;
  /** Ascending. */
  versions: ListedVersion[];
}

export interface ListedVersion {
  version: number;
  sha256: string | null;
  createdAt: string | null;
  scores: RegionScore[];
  /** What is wrong with its record, of which then nothing is told. */
  damaged: string | null;
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
      const versions = numbers.map((version) => listed(home, model, version));
      const champion = await readChampion({ home }, { name: model });
      return {
        name: model,
        champion,
        canary: canaryStatusOf(activeCanary(champion, await readCanary({ home }, { name: model }))),
        versions: await Promise.all(versions),
      };
    }),
  );
}

/** One damaged version must not hide the others: they are what the cure is. */
async function listed(home: Home, name: string, version: number): Promise<ListedVersion> {
  try {
    const { record, sha256 } = await readVersionRecord(home, name, version);
    return { version, sha256, createdAt: record.createdAt, scores: record.metrics, damaged: null };
  } catch (error) {
    if (!(error instanceof CorruptArtifactError)) throw error;
    return { version, sha256: null, createdAt: null, scores: [], damaged: error.line };
  }
}
