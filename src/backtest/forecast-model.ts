import type { ArtifactReference } from '../contracts/artifact.ts';
import type { IssueDetails } from '../day-ahead/read.ts';
import { MissingDataError } from '../errors.ts';
import type { FittedForecaster, Forecaster } from '../forecasters/forecaster.ts';
import { keepingAnswers } from '../forecasters/last-answer.ts';
import { forecasterDetailsOf, loadForecaster } from '../forecasters/load.ts';
import { transformer } from '../forecasters/transformer.ts';
import { readArtifact, readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { loadPredictor, type Predictor } from '../model/predictor.ts';
import { versionFile } from '../registry/layout.ts';
import type { ModelVersion } from '../registry/versions.ts';
import { parseNormaliser, type Normaliser } from '../sequences/normaliser.ts';
import { RecordSource, type DayAhead } from './forecast-day-ahead.ts';

/** A version in memory: a network that answers hour by hour, something that answers for the day ahead, or both. */
export interface LiveModel {
  network?: { predictor: Predictor; normaliser: Normaliser; sequenceLength: number };
  dayAhead: LiveDayAhead | undefined;
}

export interface LiveDayAhead {
  issues: IssueDetails;
  /**
  /**
   * For one forecast: a forecaster keeps what it has made of the records that its source was given. `other` is a
   * forecaster manifest over the same network, in place of the version's own.
   */
  open(other?: ArtifactReference): Promise<DayAhead>;
  /**
   * The version's own, for one forecast at a time: what was made for the last is kept for the next, which takes of it
   * what rests on the same hours.
   */
  borrow(): Promise<BorrowedDayAhead>;
}

export interface BorrowedDayAhead extends DayAhead, Disposable {}

/** Models are read from the disk once a process: their hashes name them. */
const loaded = new Map<string, Promise<LiveModel>>();
/** A worker forecasts by a champion and, at times, by another version. */
const KEPT = 3;

export function liveModel(home: Home, version: ModelVersion): Promise<LiveModel> {
  const found = loaded.get(version.sha256) ?? load(home, version);
  loaded.delete(version.sha256);
  loaded.set(version.sha256, found);
  found.catch(() => loaded.delete(version.sha256));
  for (const key of [...loaded.keys()].slice(0, -KEPT)) loaded.delete(key);
  return found;
}

/** As if the process had just begun. */
export function forgetModels(): void {
  loaded.clear();
}

async function load(home: Home, version: ModelVersion): Promise<LiveModel> {
  const { record, model, forecaster: own } = version;
  if (own && model.uri === own.uri) return { dayAhead: await withoutNetwork(home, own) };
  const normaliser = await normaliserOf(home, model);
  const predictor = await loadPredictor(home, model);
  const { sequenceLength } = record;
  const network = { predictor, normaliser, sequenceLength };
  const scaling = normaliser.issues;
  if (!scaling || !predictor.issueHead) return { network, dayAhead: undefined };
  const trained = { model: predictor, scaling, sequenceLength, trainedBy: Infinity };
  const open = async (other?: ArtifactReference): Promise<DayAhead> => {
    const source = new RecordSource(normaliser);
    const own = transformer(trained, source);
    const forecaster = other
      ? (await loadForecaster(home, other, [own])).fitted
      : await fitted(home, record, own);
    return { source, forecaster, tables: new Map() };
  };
  return { network, dayAhead: { issues: scaling, open, borrow: lending(open) } };
}

/** A forecaster that has no network among its members. */
async function withoutNetwork(home: Home, own: ArtifactReference): Promise<LiveDayAhead> {
  const { issues } = forecasterDetailsOf(await readManifest(home, own, 'forecaster'));
  const open = async (other?: ArtifactReference): Promise<DayAhead> => {
    const { fitted: forecaster } = await loadForecaster(
      ...([home, other ?? own, []] as const),
      other ? undefined : keepingAnswers,
    );
    return { forecaster, tables: new Map() };
  };
  return { issues, open, borrow: lending(open) };
}

function lending(open: () => Promise<DayAhead>): () => Promise<BorrowedDayAhead> {
  const idle: DayAhead[] = [];
  return async () => {
    const own = idle.pop() ?? (await open());
    return { ...own, [Symbol.dispose]: () => void idle.push(own) };
  };
}

/** What was fitted with the network, which it may be a member of; else the network as it was trained. */
async function fitted(
  home: Home,
  record: ModelVersion['record'],
  network: Forecaster,
): Promise<FittedForecaster> {
  const own = versionFile(record, 'forecaster-manifest');
  if (!own) {
    return network.fit({ tables: [], knownBy: -Infinity }, { seed: 1, signal: new AbortController().signal });
  }
  return (await loadForecaster(home, own, [network], keepingAnswers)).fitted;
}

async function normaliserOf(home: Home, model: ArtifactReference): Promise<Normaliser> {
  const { files } = await readManifest(home, model, 'training');
  const file = files.find(({ role }) => role === 'normaliser');
  if (!file) throw new MissingDataError(`${model.uri} has no normaliser.`, 'Register the model again.');
  return parseNormaliser(await readArtifact(home, file), file.uri);
}
