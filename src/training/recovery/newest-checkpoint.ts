import type { TrainingPlan } from '../../contracts/training.ts';
import { CorruptArtifactError } from '../../errors.ts';
import { referTo } from '../../lake/artifacts.ts';
import { unlessGone } from '../../lake/storage-failure.ts';
import type { StageContext } from '../../stages/context.ts';
import { readCheckpoint } from './checkpoint.ts';
import { checkpointsOf } from './checkpoint-folder.ts';

type GoOnFrom = Pick<TrainingPlan, 'checkpoint' | 'step' | 'secondsUsed' | 'numerics'>;

/** What a run can go on from: its newest checkpoint that is whole, or the beginning. */
export async function newestCheckpoint(
  { home, log }: Pick<StageContext, 'home' | 'log'>,
  runId: string,
): Promise<GoOnFrom> {
  for (const uri of await checkpointsOf(home, runId)) {
    try {
      const checkpoint = await referTo(home, uri).catch(unlessGone(home.path(uri), undefined));
      if (!checkpoint) continue;
      const { state } = await readCheckpoint(home, checkpoint);
      const { step, secondsUsed, numerics } = state;
      return { checkpoint, step, secondsUsed, numerics };
    } catch (error) {
      if (!(error instanceof CorruptArtifactError)) throw error;
      log.warn({ file: uri, reason: error.line }, 'a checkpoint is not whole: the one before it is taken');
    }
  }
  return { checkpoint: null, step: 0, secondsUsed: 0, numerics: null };
}
