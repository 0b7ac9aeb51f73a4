import { z } from 'zod';
import type { ArtifactReference } from '../../contracts/artifact.ts';
import { CorruptArtifactError, describeIssues } from '../../errors.ts';
import { readArtifact } from '../../lake/artifacts.ts';
import { sha256 } from '../../lake/canonical.ts';
import type { Home } from '../../lake/home.ts';
import {
  encodeSafetensors,
  readSafetensors,
  readSafetensorsMetadata,
  tensor,
} from '../../lake/safetensors.ts';
import { modelConfig } from '../../model/config.ts';
import { layoutOf, type ParameterLayout } from '../../model/parameters.ts';
import { namedTensors, flatWeights } from '../../model/weights.ts';
import type { OptimizerState } from '../adamw.ts';
import { checkpointUri } from './checkpoint-folder.ts';
import { stateHash } from './state-hash.ts';

const historyPoint = z.strictObject({
  step: z.number().int(),
  loss: z.number(),
  learningRate: z.number(),
  seconds: z.number(),
});

/** Besides weights and moments; the data cursor is `step`, because the order is a function of it. */
export const checkpointState = z.strictObject({
  formatVersion: z.literal(1),
  runId: z.string(),
  /** Of the ring that took the last step, as `ringSize` is. */
  epoch: z.number().int(),
  step: z.number().int(),
  secondsUsed: z.number(),
  tokensSeen: z.number(),
  ringSize: z.number().int(),
  /** What the run began with. */
  numerics: z.string(),
  model: modelConfig,
  history: z.array(historyPoint),
});
export type CheckpointState = z.infer<typeof checkpointState>;

export interface Checkpoint {
  state: CheckpointState;
  optimizer: OptimizerState;
}

/** A checkpoint as it was at one moment, ready to be written while training goes on. */
export interface Snapshot {
  uri: string;
  step: number;
  bytes: Uint8Array;
}

/** What the ring of this epoch will write. */
export function snapshotOf(
  { state, optimizer }: Checkpoint,
  layout: ParameterLayout,
  epoch: number,
): Snapshot {
  const { weights, m, v } = optimizer;
  const text = JSON.stringify(checkpointState.parse(state));
  const tensors = {
    ...namedTensors(weights, layout),
    'optimizer.m': tensor(m, [m.length]),
    'optimizer.v': tensor(v, [v.length]),
  };
  return {
    uri: checkpointUri(state.runId, state.step, epoch),
    step: state.step,
    bytes: encodeSafetensors(tensors, { state: text, sha256: contentHash(text, optimizer) }),
  };
}

/** Reads a checkpoint whole, or says which file is not one. */
export async function readCheckpoint(home: Home, reference: ArtifactReference): Promise<Checkpoint> {
  const bytes = await readArtifact(home, reference);
  const path = home.pathOf(reference);
  const tensors = readSafetensors(bytes, path);
  const { state: text = '', sha256: expected } = readSafetensorsMetadata(bytes, path);
  const state = parseState(text, path);
  const layout = layoutOf(state.model);
  const moment = (name: string) => {
    const found = tensors.get(`optimizer.${name}`);
    if (found?.dtype !== 'F32' || found.data.length !== layout.size) {
      throw corrupt(path, `optimizer.${name} does not fit its model`);
    }
    return Float32Array.from(found.data as Float32Array);
  };
  const optimizer: OptimizerState = {
    weights: flatWeights(tensors, layout, path),
    m: moment('m'),
    v: moment('v'),
    step: state.step,
  };
  if (contentHash(text, optimizer) !== expected) throw corrupt(path, 'it is not what was written');
  return { state, optimizer };
}

/** Kept in the file itself: a number that has changed on the disk is a number too, and training would go on from it. */
const contentHash = (state: string, optimizer: OptimizerState) => sha256(state + stateHash(optimizer));

function parseState(text: string, path: string): CheckpointState {
  let json: unknown;
  try {
    json = JSON.parse(text);
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
