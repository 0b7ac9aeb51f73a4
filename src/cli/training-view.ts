import type { TrainingStatus } from '../contracts/progress.ts';
import { trainingExtent } from '../contracts/training-extent.ts';
import type { StageProgress } from '../stages/context.ts';
import { compact } from './progress.ts';

/** Where a training stands, by steps where their number is fixed, else by the seconds of its budget. */
export function trainingProgress({ state, ringSize, restarts, progress }: TrainingStatus): StageProgress {
  const lost = restarts > 0 ? [`ring formed anew ${restarts} times`] : [];
  if (!progress)
    return { stage: 'train', done: 0, total: 1, unit: 'steps', note: [state, ...lost].join(', ') };
  const { step, totalSteps, loss, secondsUsed, budgetSeconds, tokensPerSecond } = progress;
  const note = [
    `step ${step}`,
    `loss ${loss.toPrecision(4)}`,
    `${compact(tokensPerSecond)} tokens/s on ${ringSize} slots`,
    ...(state === 'training' ? [] : [state]),
    ...lost,
  ].join(', ');
  // Whichever ends first decides how much is left.
  const { bySteps, byBudget } = trainingExtent(progress);
  return totalSteps !== null && bySteps >= byBudget
    ? { stage: 'train', done: step, total: totalSteps, unit: 'steps', note }
    : {
        stage: 'train',
        done: Math.round(secondsUsed),
        total: Math.round(budgetSeconds ?? secondsUsed + 1),
        unit: 's',
        note,
      };
}
