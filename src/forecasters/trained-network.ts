import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import { regionCode } from '../contracts/regions.ts';
import { dateRange, lastHourOf } from '../contracts/time.ts';
import { detailsOf, openRegion, type RegionDataset } from '../backtest/dataset.ts';
import { BadInputError, CorruptArtifactError } from '../errors.ts';
import { readArtifact, readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { loadPredictor } from '../model/predictor.ts';
import { parseNormaliser, type Normaliser } from '../sequences/normaliser.ts';
import { PUBLICATION_DELAY } from './cells.ts';
import type { SequenceSource, TrainedNetwork } from './transformer.ts';

/** What a training manifest holds of a network that answers for target hours. */
export async function trainedNetwork(home: Home, training: ArtifactReference): Promise<TrainedNetwork> {
  const manifest = await readManifest(home, training, 'training');
  const { issues: scaling } = await normaliserOf(home, manifest);
  const sequences = manifest.inputs[0];
  if (!scaling || !sequences) {
    throw new BadInputError(
      `${training.uri} was trained without issue tables and cannot answer for target hours.`,
      'Cut the sequences again and train on them.',
    );
  }
  const { sequenceLength, train } = detailsOf(await readManifest(home, sequences, 'sequences'));
  const trainedBy = lastHourOf(dateRange.parse(train).to) + PUBLICATION_DELAY;
  return { model: await loadPredictor(home, training), scaling, sequenceLength, trainedBy };
}

async function normaliserOf(home: Home, { key, files }: Manifest): Promise<Normaliser> {
  const file = files.find(({ role }) => role === 'normaliser');
  if (file) return parseNormaliser(await readArtifact(home, file), file.uri);
  throw new CorruptArtifactError(`The training ${key} has no normaliser.`, 'Train the model again.');
}

/** The inputs of a sequences dataset, region by region, its files checked when they are first asked for. Close it. */
export class DatasetSource implements SequenceSource, AsyncDisposable {
  readonly #home: Home;
  readonly #sequences: Manifest;
  readonly #open = new Map<string, Promise<RegionDataset>>();

  constructor(home: Home, sequences: Manifest) {
    this.#home = home;
    this.#sequences = sequences;
  }

  async hoursOf(region: string): Promise<{ first: number; hours: number }> {
    const { series } = await this.#of(region);
    return { first: series.firstHour, hours: series.known.length };
  }

  async inputsOf(region: string, from: number, to: number): Promise<Float32Array> {
    const { file } = await this.#of(region);
    return (await file.read('inputs', from, to)).data as Float32Array;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opening of this.#open.values())
      await opening.then(({ file }) => file.close()).catch(() => undefined);
  }

  #of(region: string): Promise<RegionDataset> {
    const found = this.#open.get(region) ?? openRegion(this.#home, this.#sequences, regionCode.parse(region));
    this.#open.set(region, found);
    return found;
  }
}
