import type { SlotStatus, TrainingStatus } from '../contracts/progress.ts';
import { trainingExtent } from '../contracts/training-extent.ts';
import type { StageProgress } from '../stages/context.ts';
import { compact } from './progress.ts';

/** Where a training stands, by steps where their number is fixed, else by the seconds of its budget. */
export function trainingProgress({
  state,
  waitingFor,
  ringSize,
  restarts,
  progress,
}: TrainingStatus): StageProgress {
  const where = waitingFor ?? state;
  const lost = restarts > 0 ? [`ring formed anew ${restarts} times`] : [];
  if (!progress)
    return { stage: 'train', done: 0, total: 1, unit: 'steps', note: [where, ...lost].join(', ') };
  const { step, totalSteps, loss, secondsUsed, budgetSeconds, tokensPerSecond } = progress;
  const note = [
    `step ${step}`,
    `loss ${loss.toPrecision(4)}`,
    `${compact(tokensPerSecond)} tokens/s on ${ringSize} slots`,
    ...(where === 'training' ? [] : [where]),
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

/** A training in one line: its state, how far it is, what it has cost. */
export function trainingLine(status: TrainingStatus): string {
  const { state, waitingFor, stepsLost, bitsMayDiffer } = status;
  const { note } = trainingProgress(status);
  return [
    ...(waitingFor !== null || note?.includes(state) ? [] : [state]),
    note,
    ...(stepsLost > 0 ? [`${stepsLost} ${stepsLost === 1 ? 'step' : 'steps'} done again`] : []),
    ...(bitsMayDiffer ? ['bits may differ from an undisturbed run'] : []),
  ].join(', ');
}

/** A line for each slot of the ring: what it computes with, how far it is, where its time goes. */
export function slotLines(slots: readonly SlotStatus[]): string[] {
  const longest = (of: (slot: SlotStatus) => string) => Math.max(0, ...slots.map((slot) => of(slot).length));
  const [name, engine, count] = [longest(({ queue }) => queue), longest(engineOf), longest(stepOf)];
  return slots.map((slot) => {
    const { rank, queue, memoryMb, shares } = slot;
    const head = `  ${String(rank).padStart(2)}  ${queue.padEnd(name)}  ${engineOf(slot).padEnd(engine)}`;
    if (shares === null) return `${head}  nothing heard yet`;
    const { compute, wait, data, transfer } = shares;
    const where = `compute ${percent(compute)}  wait ${percent(wait)}  data ${percent(data)}  transfer ${percent(transfer)}`;
    return `${head}  step ${stepOf(slot).padStart(count)}  ${where}  ${Math.round(memoryMb ?? 0)} MB`;
  });
}

/** `avx512 ×2`: the kernel, or the device where TensorFlow.js computes, and its threads. */
export const engineOf = ({ kernel, device, threads }: Pick<SlotStatus, 'kernel' | 'device' | 'threads'>) =>
  `${kernel ?? device} ×${threads}`;

const stepOf = ({ step }: SlotStatus) => String(step ?? 0);

const percent = (share: number) => `${(100 * share).toFixed(0)} %`.padStart(5);
