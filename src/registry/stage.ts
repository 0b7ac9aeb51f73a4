import {
  activeCanary,
  canaryStatusOf,
  type CanaryStatus,
  type ChampionRecord,
} from '../contracts/lifecycle.ts';
import type { RegisterInput, RegisterResult, RegionScore } from '../contracts/stages.ts';
import { CorruptArtifactError, MissingDataError } from '../errors.ts';
import { readArtifact } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import type { StageContext } from '../stages/context.ts';
import { readCanary } from './canary.ts';
import type { ModelCard } from './card.ts';
import { readChampion } from './champion.ts';
import { modelNames, versionFile, versionNumbers } from './layout.ts';
import { withModelLock } from './lock.ts';
import { placeVersion, versionOfLineage } from './registration.ts';
import type { VersionRecord } from './version-record.ts';
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

/** Scores of other regions or other hours are not to be compared with these. */
export interface ScoredOn {
  regions: string[];
  /** Dates as they were given, such as 2018 or 2024-12; null of versions from before they had a card. */
  from: string | null;
  to: string | null;
  /** Of all regions together. */
  hours: number;
}

export interface ListedVersion {
  version: number;
  sha256: string | null;
  createdAt: string | null;
  scores: RegionScore[];
  /** The hours that its scores are of; null of a damaged version and of a person's own series. */
  scoredOn: ScoredOn | null;
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
    const { createdAt, metrics: scores } = record;
    const scoredOn = scores.length === 0 ? null : await scoredOnOf(home, record);
    return { version, sha256, createdAt, scores, scoredOn, damaged: null };
  } catch (error) {
    if (!(error instanceof CorruptArtifactError || error instanceof MissingDataError)) throw error;
    return { version, sha256: null, createdAt: null, scores: [], scoredOn: null, damaged: error.line };
  }
}

async function scoredOnOf(home: Home, record: VersionRecord): Promise<ScoredOn> {
  const { metrics } = record;
  const card = versionFile(record, 'card');
  const text = card && (await readArtifact(home, card));
  const period = text && (JSON.parse(text.toString('utf8')) as Pick<ModelCard, 'scoredOn'>).scoredOn;
  return {
    regions: metrics.map(({ region }) => region),
    from: period?.from ?? null,
    to: period?.to ?? null,
    hours: metrics.reduce((sum, { hours }) => sum + hours, 0),
  };
}
