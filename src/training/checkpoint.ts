import { readdir, rm } from 'node:fs/promises';
import { z } from 'zod';
import type { ArtifactReference } from '../contracts/artifact.ts';
import { CorruptArtifactError, describeIssues } from '../errors.ts';
import { readArtifact, referTo } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { readSafetensors, readSafetensorsMetadata, tensor, writeSafetensors } from '../lake/safetensors.ts';
import { modelConfig, type ModelConfig } from '../model/config.ts';
import type { ParameterLayout } from '../model/parameters.ts';
import { namedTensors, flatWeights } from '../model/weights.ts';
import type { OptimizerState } from './adamw.ts';

const historyPoint = z.strictObject({
  step: z.number().int(),
  loss: z.number(),
  learningRate: z.number(),
  seconds: z.number(),
});

/** Besides weights and moments; the data cursor is `step`, because the order is a function of it. */
const checkpointState = z.strictObject({
  formatVersion: z.literal(1),
  runId: z.string(),
  epoch: z.number().int(),
  step: z.number().int(),
  secondsUsed: z.number(),
  tokensSeen: z.number(),
  ringSize: z.number().int(),
  numerics: z.string(),
  model: modelConfig,
  history: z.array(historyPoint),
});
export type CheckpointState = z.infer<typeof checkpointState>;

export interface Checkpoint {
  state: CheckpointState;
  optimizer: OptimizerState;
}

/** The one being written and the one before it. */
const KEPT = 2;

/**
 * Writes `checkpoints/<run>/<step>-<epoch>.safetensors` and deletes all but the newest. The epoch in the name keeps a
 * slot that wakes from a pause from writing over what its successors wrote.
 */
export async function writeCheckpoint(
  home: Home,
  { state, optimizer }: Checkpoint,
  layout: ParameterLayout,
): Promise<ArtifactReference> {
  const uri = `${folderOf(state.runId)}/${state.step}-${state.epoch}.safetensors`;
  const { m, v } = optimizer;
  const tensors = {
    ...namedTensors(optimizer.weights, layout),
    'optimizer.m': tensor(m, [m.length]),
    'optimizer.v': tensor(v, [v.length]),
  };
  await writeSafetensors(home.path(uri), tensors, { state: JSON.stringify(checkpointState.parse(state)) });
  const reference = await referTo(home, uri);
  for (const old of (await checkpointsOf(home, state.runId)).slice(KEPT)) {
    if (old !== uri) await rm(home.path(old), { force: true });
  }
  return reference;
}

/** The checkpoints of a run, newest first: by step, and of the same step by epoch. Names are compared as numbers. */
export async function checkpointsOf(home: Home, runId: string): Promise<string[]> {
  const folder = folderOf(runId);
  const names = await readdir(home.path(folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => {
      const [, step, epoch] = /^(\d+)-(\d+)\.safetensors$/.exec(name) ?? [];
      return step === undefined
        ? []
        : [{ uri: `${folder}/${name}`, step: Number(step), epoch: Number(epoch) }];
    })
    .toSorted((a, b) => b.step - a.step || b.epoch - a.epoch)
    .map(({ uri }) => uri);
}

/** Reads a checkpoint whole, or says which file is not one. */
export async function readCheckpoint(
  home: Home,
  reference: ArtifactReference,
  layoutFor: (model: ModelConfig) => ParameterLayout,
): Promise<Checkpoint> {
  const bytes = await readArtifact(home, reference);
  const path = home.pathOf(reference);
  const tensors = readSafetensors(bytes, path);
  const state = parseState(readSafetensorsMetadata(bytes, path)['state'], path);
  const layout = layoutFor(state.model);
  const moment = (name: string) => {
    const found = tensors.get(`optimizer.${name}`);
    if (found?.dtype !== 'F32' || found.data.length !== layout.size) {
      throw corrupt(path, `optimizer.${name} does not fit its model`);
    }
    return Float32Array.from(found.data as Float32Array);
  };
  return {
    state,
    optimizer: {
      weights: flatWeights(tensors, layout, path),
      m: moment('m'),
      v: moment('v'),
      step: state.step,
    },
  };
}

/** Checkpoints are for going on; once a run is finished nobody goes on from it. */
export async function deleteCheckpoints(home: Home, runId: string): Promise<void> {
  await rm(home.path(folderOf(runId)), { recursive: true, force: true });
}

const folderOf = (runId: string) => `checkpoints/${runId}`;

function parseState(text: string | undefined, path: string): CheckpointState {
  let json: unknown;
  try {
    json = JSON.parse(text ?? '');
  } catch {
    throw corrupt(path, 'it has no state');
  }
  const parsed = checkpointState.safeParse(json);
  if (!parsed.success) throw corrupt(path, describeIssues(parsed.error.issues));
  return parsed.data;
}

const corrupt = (path: string, what: string) =>
  new CorruptArtifactError(
    `${path} is not a checkpoint that training can go on from: ${what}.`,
    'Delete it; training goes on from the checkpoint before it, or begins anew.',
  );
