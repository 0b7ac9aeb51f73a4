import { readdir } from 'node:fs/promises';
import type { ArtifactReference } from '../contracts/artifact.ts';
import { CorruptArtifactError } from '../errors.ts';
import { referTo } from '../lake/artifacts.ts';
import { layoutOf } from '../model/parameters.ts';
import type { StageContext } from '../stages/context.ts';
import { readCheckpoint } from './checkpoint.ts';

export interface NewestCheckpoint {
  checkpoint: ArtifactReference;
  step: number;
  secondsUsed: number;
}

/** What a run can go on from: its newest checkpoint that is whole; null where it has to begin anew. */
export async function newestCheckpoint(
  { home, log }: StageContext,
  { runId }: { runId: string },
): Promise<NewestCheckpoint | null> {
  const folder = `checkpoints/${runId}`;
  const names = await readdir(home.path(folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const newestFirst = names
    .filter((name) => name.endsWith('.safetensors'))
    .toSorted()
    .toReversed();
  for (const name of newestFirst) {
    try {
      const checkpoint = await referTo(home, `${folder}/${name}`);
      const { state } = await readCheckpoint(home, checkpoint, layoutOf);
      return { checkpoint, step: state.step, secondsUsed: state.secondsUsed };
    } catch (error) {
      if (!(error instanceof CorruptArtifactError)) throw error;
      log.warn({ file: name, reason: error.line }, 'a checkpoint is not whole: the one before it is taken');
    }
  }
  return null;
}
