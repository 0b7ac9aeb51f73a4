import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import type { ArtifactReference } from '../../contracts/artifact.ts';
import { StorageError } from '../../errors.ts';
import { referTo } from '../../lake/artifacts.ts';
import { placeAtomically } from '../../lake/atomic-write.ts';
import type { Home } from '../../lake/home.ts';
import { unlessGone } from '../../lake/storage-failure.ts';
import type { Snapshot } from './checkpoint.ts';

const folderOf = (runId: string) => `checkpoints/${runId}`;

/** The epoch, that of the ring that writes it, keeps a slot that wakes from a pause from writing over its successors. */
export const checkpointUri = (runId: string, step: number, epoch: number) =>
  `${folderOf(runId)}/${step}-${epoch}.safetensors`;

/** The one being written and the one before it. */
const KEPT = 2;

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
