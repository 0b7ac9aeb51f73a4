import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import type { ExplainInput } from '../contracts/explain.ts';
import { BadInputError } from '../errors.ts';
import { openForecaster } from '../forecasters/open.ts';
import { DatasetSource, trainedNetwork } from '../forecasters/trained-network.ts';
import { transformer, type SequenceSource, type TrainedNetwork } from '../forecasters/transformer.ts';
import { TRANSFORMER } from '../forecasters/transformer-weights.ts';
import type { FittedForecaster } from '../forecasters/forecaster.ts';
import { readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { noChampion, readChampion } from '../registry/champion.ts';
import { readSignedRecord } from '../registry/versions.ts';
import type { Explained } from './medians.ts';

/** What is to be explained, before anything of it is loaded. */
export interface Chosen {
  /** A forecaster or training manifest. */
  reference: ArtifactReference;
  manifest: Manifest;
  sequences: ArtifactReference;
}

/** A loaded forecaster with all that explaining asks of it. Dispose of it. */
export interface Subject extends Explained, AsyncDisposable {
  fitted: FittedForecaster;
  regions: readonly string[];
  /** Seconds: it has learnt from what was known by then. */
  knownBy: number;
  /** The ring transformer in it, and where its past hours come from. */
  network: { trained: TrainedNetwork; source: SequenceSource } | undefined;
}

/** The manifest that was named, or that of a registered version. */
export async function choose(home: Home, { manifest: named, name, version }: ExplainInput): Promise<Chosen> {
  if (named) return chosenOf(home, named);
  const number = version ?? (await readChampion({ home }, { name }))?.version;
  if (number === undefined) {
    throw await noChampion(home, name);
  }
  const { lineage } = (await readSignedRecord(home, name, number)).record;
  const reference = lineage.forecaster ?? lineage.training;
  if (!reference || lineage.series) {
    throw new BadInputError(
      `${name} version ${number} forecasts a series of its own, which has no issue tables to explain by.`,
      'Explain a model of the grid.',
    );
  }
  return chosenOf(home, reference);
}

async function chosenOf(home: Home, reference: ArtifactReference): Promise<Chosen> {
  const manifest = await readManifest(home, reference);
  const [sequences] = manifest.inputs;
  if ((manifest.kind === 'forecaster' || manifest.kind === 'training') && sequences) {
    return { reference, manifest, sequences };
  }
  throw new BadInputError(
    `${reference.uri} is a ${manifest.kind} manifest: there is no forecaster in it.`,
    'Give a forecaster or a training manifest.',
  );
}

export function openSubject(home: Home, chosen: Chosen): Promise<Subject> {
  return chosen.manifest.kind === 'forecaster' ? openFitted(home, chosen) : openTraining(home, chosen);
}

async function openFitted(home: Home, { reference, manifest, sequences }: Chosen): Promise<Subject> {
  const { fitted, ...opened } = await openForecaster(home, reference, sequences);
  const { name, regions, weights, knownBy } = fitted.details;
  const training = manifest.inputs.find(({ uri }) => uri.startsWith('manifests/training/'));
  const has = fitted.members.some((member) => member.name === TRANSFORMER);
  const network = has && training ? await openNetwork(home, training, sequences) : undefined;
  return {
    name,
    fitted,
    members: fitted.members.map((member) => ({
      fitted: member,
      weightIn: (region) => weights[region]?.[member.name] ?? 0,
    })),
    combine: (table, medians) => fitted.combine(table, medians),
    regions,
    knownBy,
    network,
    [Symbol.asyncDispose]: async () => {
      await network?.[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** The network alone, as the ring has left it. */
async function openTraining(home: Home, { reference, sequences }: Chosen): Promise<Subject> {
  const network = await openNetwork(home, reference, sequences);
  const { trained, source } = network;
  const nothingNew = { tables: [], knownBy: trained.trainedBy };
  const context = { seed: 1, signal: new AbortController().signal };
  const fitted = await transformer(trained, source).fit(nothingNew, context);
  return {
    name: TRANSFORMER,
    fitted,
    members: [{ fitted, weightIn: () => 1 }],
    combine: (_table, [own]) => own!,
    regions: trained.model.regions,
    knownBy: trained.trainedBy,
    network,
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  };
}

async function openNetwork(home: Home, training: ArtifactReference, sequences: ArtifactReference) {
  const trained = await trainedNetwork(home, training);
  const source = new DatasetSource(home, await readManifest(home, sequences, 'sequences'));
  return {
    trained,
    source,
    [Symbol.asyncDispose]: async () => {
      trained.model.dispose();
      await source[Symbol.asyncDispose]();
    },
  };
}
