import { readFile, rm } from 'node:fs/promises';
import { artifactKind, type ArtifactKind } from '../contracts/artifact.ts';
import { BadInputError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { isAbandoned, isDraft } from './drafts.ts';
import { filesUnder, type HomeFile } from './files.ts';
import { reachableFrom, urisIn } from './references.ts';

/** Where the files of each kind of dataset lie. */
const FOLDERS: Record<ArtifactKind, string> = {
  grid: 'grid',
  validated: 'validated',
  features: 'features',
  sequences: 'sequences',
  training: 'training',
  forecaster: 'forecasters',
  backtest: 'backtests',
  comparison: 'comparisons',
  forecast: 'forecasts',
  explanation: 'explanations',
  predictions: 'predictions',
  search: 'searches',
  series: 'series',
  'series-model': 'series-models',
  'series-backtest': 'series-backtests',
  drift: 'drift',
};
/** What may be collected; raw replies, models and reports never are, only what their writers left half done. */
const COLLECTED = [...Object.values(FOLDERS), 'checkpoints', 'quarantine'];
/** What a run that is not finished may still need and no manifest names yet. */
const HELD_BY_RUNS = ['training/', 'checkpoints/'];
const HOUR_MS = 3_600_000;

export interface GarbageOptions {
  /** Younger files are kept: a stage may be about to name them in a manifest. */
  minAgeHours: number;
  /** Collect datasets too that are neither the newest of their kind nor in the lineage of a registered version. */
  superseded: boolean;
  /** What running workflows refer to; undefined when nobody could be asked. */
  heldByRuns: ReadonlySet<string> | undefined;
}

export interface Garbage {
  files: HomeFile[];
  bytes: number;
  /** Files that are kept only because the services do not run and cannot say what unfinished runs need. */
  keptForUnknownRuns: number;
}

/** Finds what nothing refers to. Changes nothing. */
export async function findGarbage(home: Home, options: GarbageOptions, now = Date.now()): Promise<Garbage> {
  const { superseded, heldByRuns, minAgeHours } = options;
  if (superseded && heldByRuns === undefined) {
    throw new BadInputError(
      'Superseded datasets can be told only while the services run: an unfinished run may need one.',
      'Start them with `up --detach`, or leave out --superseded.',
    );
  }
  const manifests = await filesUnder(home, 'manifests');
  const roots = superseded ? newestOfEachKind(manifests) : manifests.map(({ uri }) => uri);
  const versions = (await filesUnder(home, 'models')).map(({ uri }) => uri);
  const kept = await reachableFrom(home, [
    ...roots,
    ...(await lineages(home, versions)),
    ...(heldByRuns ?? []),
  ]);

  const candidates = (await filesUnder(home, '.')).filter(
    ({ uri }) =>
      COLLECTED.includes(folderOf(uri)) || isDraft(uri) || (superseded && folderOf(uri) === 'manifests'),
  );
  const unused = candidates.filter((file) => {
    if (kept.has(file.uri) || now - file.modifiedMs < minAgeHours * HOUR_MS) return false;
    return !isDraft(file.uri) || isAbandoned(file, now);
  });
  const old = withoutLivingJournals(candidates, unused);
  const mayBeNeeded = ({ uri }: HomeFile) =>
    heldByRuns === undefined && HELD_BY_RUNS.some((folder) => uri.startsWith(folder)) && !isDraft(uri);
  const files = old.filter((file) => !mayBeNeeded(file)).toSorted((a, b) => (a.uri < b.uri ? -1 : 1));
  return {
    files,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    keptForUnknownRuns: old.length - files.length,
  };
}

/** Removes what was found, manifests first: a reader then sees no dataset whose files are gone. */
export async function collectGarbage(home: Home, { files }: Garbage): Promise<void> {
  const manifestsFirst = files.toSorted((a, b) => rank(a) - rank(b));
  for (const { uri } of manifestsFirst) await rm(home.path(uri), { force: true });
}

/** What a run's journal says of its first days counts as long as anything of the run does. */
function withoutLivingJournals(candidates: readonly HomeFile[], unused: readonly HomeFile[]): HomeFile[] {
  const collected = new Set(unused);
  const living = new Set(candidates.filter((file) => !collected.has(file)).map(({ uri }) => journalOf(uri)));
  return unused.filter(({ uri }) => !uri.includes('/journal/') || !living.has(journalOf(uri)));
}

const journalOf = (uri: string) => uri.split('/').slice(0, 2).join('/');
const folderOf = (uri: string) => uri.split('/')[0] ?? '';
const rank = ({ uri }: HomeFile) => (uri.startsWith('manifests/') ? 0 : 1);

/** The newest dataset of each kind; what lies beside them (the windows of an ingestion) all counts. */
function newestOfEachKind(manifests: HomeFile[]): string[] {
  const newest = new Map<string, HomeFile>();
  for (const file of manifests) {
    const kind = isDataset(file) ? kindOf(file) : file.uri;
    const before = newest.get(kind);
    if (!before || before.modifiedMs < file.modifiedMs) newest.set(kind, file);
  }
  return [...newest.values()].map(({ uri }) => uri);
}

const kindOf = ({ uri }: HomeFile) => uri.split('/')[1] ?? '';
const isDataset = (file: HomeFile) => (artifactKind.options as string[]).includes(kindOf(file));

/** What the registered versions came from. */
async function lineages(home: Home, uris: string[]): Promise<string[]> {
  const records = uris.filter((uri) => uri.endsWith('/version.json'));
  const texts = await Promise.all(records.map((uri) => readFile(home.path(uri), 'utf8')));
  return texts.flatMap(urisIn);
}
