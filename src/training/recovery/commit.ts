import type { Checkpoint } from './checkpoint.ts';
import type { StepOutcome } from '../step.ts';

const HISTORY_POINTS = 500;

/**
 * Puts down that a step has been applied. Synchronous, as the change of the weights was: whoever looks at what a slot
 * holds sees all of a step or nothing of it.
 */
export function commitStep(
  { state, optimizer }: Checkpoint,
  { loss, learningRate }: StepOutcome,
  by: { epoch: number; ringSize: number; secondsUsed: number; tokens: number },
): void {
  state.step = optimizer.step;
  state.epoch = by.epoch;
  state.ringSize = by.ringSize;
  state.secondsUsed = by.secondsUsed;
  state.tokensSeen += by.tokens;
  const seconds = Math.round(by.secondsUsed * 1000) / 1000;
  state.history.push({ step: state.step, loss, learningRate, seconds });
  if (state.history.length > HISTORY_POINTS) thin(state.history);
}

/** Leaves out every second point of the older half, so that a long run's history stays small and its shape stays. */
function thin(history: { step: number }[]): void {
  const half = Math.floor(history.length / 2);
  for (let i = half - 1; i > 0; i -= 2) history.splice(i, 1);
}
