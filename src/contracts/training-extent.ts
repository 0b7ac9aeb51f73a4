import type { SegmentProgress } from './training.ts';

/** How far a run is, 0 to 1, by its steps and by its budget; 0 where it has no such end. The larger ends it first. */
export function trainingExtent({
  step,
  totalSteps,
  secondsUsed,
  budgetSeconds,
}: Pick<SegmentProgress, 'step' | 'totalSteps' | 'secondsUsed' | 'budgetSeconds'>) {
  return {
    bySteps: totalSteps ? step / totalSteps : 0,
    byBudget: budgetSeconds ? secondsUsed / budgetSeconds : 0,
  };
}
