import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { z } from 'zod';
import type { ArtifactReference } from '../../contracts/artifact.ts';
import { CorruptArtifactError, describeIssues, StorageError } from '../../errors.ts';
import { readArtifact, referTo } from '../../lake/artifacts.ts';
import { placeAtomically } from '../../lake/atomic-write.ts';
import { sha256 } from '../../lake/canonical.ts';
import type { Home } from '../../lake/home.ts';
import {
  encodeSafetensors,
  readSafetensors,
  readSafetensorsMetadata,
  tensor,
} from '../../lake/safetensors.ts';
import { unlessGone } from '../../lake/storage-failure.ts';
import { modelConfig, type ModelConfig } from '../../model/config.ts';
import type { ParameterLayout } from '../../model/parameters.ts';
import { namedTensors, flatWeights } from '../../model/weights.ts';
import type { OptimizerState } from '../adamw.ts';
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

/** The one being written and the one before it. */
const KEPT = 2;

/** A checkpoint as it was at one moment, ready to be written while training goes on. */
export interface Snapshot {
  uri: string;
  step: number;
  bytes: Uint8Array;
}

/**
 * What will be `checkpoints/<run>/<step>-<epoch>.safetensors`. The epoch, that of the ring that writes it, keeps a slot
 * that wakes from a pause from writing over what its successors wrote.
 */
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
    uri: `${folderOf(state.runId)}/${state.step}-${epoch}.safetensors`,
    step: state.step,
    bytes: encodeSafetensors(tensors, { state: text, sha256: contentHash(text, optimizer) }),
  };
}

/**
 * Writes a snapshot into the folder of its run, which must be there: it is gone once the run is finished. All but the
 * newest are deleted, and not before the new one was read back whole.
 */
export async function writeSnapshot(
  home: Home,
  runId: string,
  { uri, bytes }: Snapshot,
): Promise<ArtifactReference> {
  const path = home.path(uri);
  await placeAtomically(
    path,
    async (temporary) => {
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(bytes);
      } finally {
        await handle.close();
      }
    },
    { makeFolder: false },
  );
  const reference = await referTo(home, uri);
  if (reference.sha256 !== (await sha256Aside(bytes))) {
    await rm(path, { force: true });
    throw new StorageError(
      `What was read back of ${path} is not what was written.`,
      'Check the disk, or choose another --home.',
    );
  }
  for (const old of (await checkpointsOf(home, runId)).slice(KEPT)) {
    if (old !== uri) await rm(home.path(old), { force: true });
  }
  return reference;
}

/** The step that a checkpoint's name gives. */
export function stepOf({ uri }: Pick<ArtifactReference, 'uri'>): number {
  return Number(/(\d+)-\d+\.safetensors$/.exec(uri)?.[1] ?? 0);
}

/** The checkpoints of a run, newest first: by step, and of the same step by epoch. Names are compared as numbers. */
export async function checkpointsOf(home: Home, runId: string): Promise<string[]> {
  const folder = folderOf(runId);
  return (await namesIn(home.path(folder)))
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
  const { state: text = '', sha256: expected } = readSafetensorsMetadata(bytes, path);
  const state = parseState(text, path);
  const layout = layoutFor(state.model);
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

/** What writers that were killed have left half done would fill the disk, kill by kill. */
export async function deleteDrafts(home: Home, runId: string): Promise<void> {
  for (const name of await namesIn(home.path(folderOf(runId)))) {
    if (name.endsWith('.tmp')) await rm(home.path(folderOf(runId), name), { force: true });
  }
}

/** Checkpoints are for going on; once a run is finished nobody goes on from it. */
export async function deleteCheckpoints(home: Home, runId: string): Promise<void> {
  const folder = home.path(folderOf(runId));
  // Moved away in one go: a slot that wakes meanwhile finds no folder to write into.
  const aside = `${folder}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await rename(folder, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(unlessGone(folder, []));

/** SHA-256 off the event loop. */
async function sha256Aside(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString('hex');
}

const folderOf = (runId: string) => `checkpoints/${runId}`;

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
