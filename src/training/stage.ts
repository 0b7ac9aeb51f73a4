import type { ArtifactReference } from '../contracts/artifact.ts';
import type {
  FinishTrainingInput,
  RingTrainingInput,
  RingTrainingResult,
  TrainingPlan,
} from '../contracts/training.ts';
import { BadInputError, CorruptArtifactError } from '../errors.ts';
import { onceByKey, readManifest, writeContent, type Work } from '../lake/artifacts.ts';
import { canonicalJson, workKey } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { resolveModel, type ModelConfig } from '../model/config.ts';
import { layoutOf } from '../model/parameters.ts';
import { namedTensors } from '../model/weights.ts';
import { encodeSafetensors } from '../lake/safetensors.ts';
import type { StageContext } from '../stages/context.ts';
import { readStart } from './start-weights.ts';
import { readCheckpoint } from './recovery/checkpoint.ts';
import { deleteCheckpoints } from './recovery/checkpoint-folder.ts';
import { lostAndFound, readJournal, stepsTaken, type JournalEntry } from './recovery/journal.ts';
import { newestCheckpoint } from './recovery/newest-checkpoint.ts';
import { readSequencesManifest } from './sequences-dataset.ts';
import { resolveTraining } from './settings.ts';

/** Raised when the same settings would train to other weights. */
const STAGE_VERSION = 3;
/** A loss curve of a hundred thousand steps. */
const HISTORY_BYTES = 10 * 2 ** 20;

/** What a run is, before any slot is asked: checks the settings against the data and looks how far the run is. */
export async function planTraining(context: StageContext, input: RingTrainingInput): Promise<TrainingPlan> {
  const { details } = await readSequencesManifest(context.home, input.sequences);
  const model = resolveModel(input.settings, details);
  const { runId, work } = workOf(input);
  if (input.weights) await readStart(context.home, input.weights, model);
  const result = await findExisting(context.home, work);
  const journal = await readJournal(context.home, runId);
  const goOnFrom = await newestCheckpoint(context, runId);
  // A run that has begun goes on from memory where the disk has filled up meanwhile.
  if (!result && journal.length === 0 && !goOnFrom.checkpoint) {
    await context.home.requireFreeSpace(diskNeed(model), 'Training');
  }
  const numerics = journal[0]?.numerics ?? goOnFrom.numerics;
  return { ...goOnFrom, runId, result, numerics, stepsTaken: stepsTaken(journal), ...lostAndFound(journal) };
}

/** Makes the training artifact of a finished run: weights, normaliser, catalogue and history under one manifest. */
export async function finishTraining(
  context: StageContext,
  finish: FinishTrainingInput,
): Promise<RingTrainingResult> {
  const { home } = context;
  const { runId, work } = workOf(finish.input);
  if (runId !== finish.runId) {
    throw new BadInputError(
      `Run ${finish.runId} does not belong to these sequences and settings (theirs is ${runId}).`,
      'Finish a run with the input it began with.',
    );
  }
  const { reference, reused } = await onceByKey(home, work, async () => {
    const { state, optimizer } = await readCheckpoint(home, finish.checkpoint);
    const { manifest, details } = await readSequencesManifest(home, finish.input.sequences);
    const journal = await readJournal(home, runId);
    const shared = ['normaliser', 'catalogue'].map((role) => {
      const file = manifest.files.find((entry) => entry.role === role);
      if (file) return file;
      throw new CorruptArtifactError(
        `${finish.input.sequences.uri} has no ${role}.`,
        'Cut the sequences again.',
      );
    });
    const weights = encodeSafetensors(namedTensors(optimizer.weights, layoutOf(state.model)), {
      model: canonicalJson(state.model),
    });
    const folder = `training/${runId}`;
    const wireError = finish.results[0]?.wireError;
    const rings = ringsOf(journal);
    return {
      files: [
        { ...(await writeContent(home, folder, 'safetensors', weights)), role: 'weights' },
        ...shared,
        {
          ...(await writeContent(home, folder, 'json', `${canonicalJson(state.history)}\n`)),
          role: 'history',
        },
      ],
      rows: state.step,
      details: {
        model: state.model,
        // A person's own series is nobody's newest training of the grid.
        ...(details.given ? { purpose: 'series' } : {}),
        settings: JSON.parse(canonicalJson(resolveTraining(finish.input.settings, details.given))),
        numerics: state.numerics,
        rings,
        bitsMayDiffer: finish.bitsMayDiffer === true || rings.length > 1,
        regions: state.model.regions,
        channels: state.model.channels,
        steps: state.step,
        seconds: state.secondsUsed,
        finalLoss: finalLoss(state.history),
        ringSize: finish.results.length,
        kernel: finish.results[0]?.kernel ?? null,
        tokensPerSecond: Math.round(state.tokensSeen / Math.max(state.secondsUsed, 1e-9)),
        slotMemoryMb: finish.results.map(({ memoryMb }) => memoryMb),
        slotShares: finish.results.map(({ shares }) => shares),
        ...(wireError === undefined ? {} : { wireError }),
        ...lostAndFound(journal),
      },
    };
  });
  await deleteCheckpoints(home, runId);
  return resultOf(home, reference, reused);
}

/** The rings that have trained a run, as far as they decide bits; more than one, and another run may differ in them. */
function ringsOf(journal: readonly JournalEntry[]): Pick<JournalEntry, 'ringSize' | 'numerics'>[] {
  const kinds = journal.map(({ ringSize, numerics }) => JSON.stringify({ ringSize, numerics }));
  return [...new Set(kinds)].map((kind) => JSON.parse(kind) as Pick<JournalEntry, 'ringSize' | 'numerics'>);
}

/** Three checkpoints (two stay, one is being written) of weights and two moments, the weights, and the history. */
function diskNeed(model: ModelConfig): number {
  return layoutOf(model).size * Float32Array.BYTES_PER_ELEMENT * (3 * 3 + 1) + HISTORY_BYTES;
}

function workOf({ sequences, weights, settings }: RingTrainingInput): { runId: string; work: Work } {
  // How often a run saves itself, and which slots it may go on with, are no part of what it is: a run that waits for
  // slots of its kind can be gone on with by others, and its manifest then says so.
  const {
    checkpointEverySteps: _,
    mixed: _mixed,
    elastic: _elastic,
    device: _device,
    ...deciding
  } = settings;
  const work: Work = {
    kind: 'training',
    stage: 'ring-training',
    version: STAGE_VERSION,
    settings: deciding,
    inputs: weights ? [sequences, weights] : [sequences],
  };
  const { stage, version, inputs } = work;
  const plain = JSON.parse(canonicalJson(deciding)) as unknown;
  return { runId: workKey({ stage, version, settings: plain, inputs }), work };
}

async function findExisting(home: Home, work: Work): Promise<RingTrainingResult | null> {
  const absent = new Error('There is no such run yet.');
  try {
    const { reference } = await onceByKey(home, work, () => Promise.reject(absent));
    return await resultOf(home, reference, true);
  } catch (error) {
    if (error === absent) return null;
    throw error;
  }
}

async function resultOf(home: Home, model: ArtifactReference, reused: boolean): Promise<RingTrainingResult> {
  const { details } = await readManifest(home, model, 'training');
  const number = (name: string) => Number(details[name]);
  return {
    model,
    reused,
    steps: number('steps'),
    finalLoss: number('finalLoss'),
    stepsLost: number('stepsLost'),
    // Manifests of before the journal do not say.
    fullRestarts: Number(details['fullRestarts'] ?? 0),
    restarts: number('restarts'),
    bitsMayDiffer: details['bitsMayDiffer'] === true,
    tokensPerSecond: number('tokensPerSecond'),
    slotMemoryMb: details['slotMemoryMb'] as number[],
    ...(typeof details['wireError'] === 'string' ? { wireError: details['wireError'] } : {}),
  };
}

/** A step sees one sequence or a few, so a single loss is noise: the mean of the last twenty. */
function finalLoss(history: readonly { loss: number }[]): number {
  const last = history.slice(-20);
  return last.length ? last.reduce((sum, { loss }) => sum + loss, 0) / last.length : 0;
}
