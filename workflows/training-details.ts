import type { SlotStatus, TrainingStatus } from '../src/contracts/progress.ts';
import type { SegmentProgress, TimeShares } from '../src/contracts/training.ts';
import { duration, table } from './markdown.ts';
import { counted } from '../src/errors.ts';

/** A training as the UI shows it, in Markdown. */
export function boardDetails(status: TrainingStatus, paused: boolean): string {
  const { state, progress, epoch, ringSize, slots, lastFailure, waitingFor, bitsMayDiffer } = status;
  const { secondsLeft: left } = status;
  const rows = [
    ['ring', `${counted(slots.length || ringSize, 'slot')}, epoch ${epoch}`],
    ...(waitingFor === null ? [] : [['waits', waitingFor]]),
    ['step', progress ? `${progress.step}${ofTotal(progress)}` : '–'],
    ['loss', progress ? progress.loss.toPrecision(4) : '–'],
    ['tokens a second', progress ? progress.tokensPerSecond.toFixed(0) : '–'],
    ['time left', left === null ? '–' : duration(left)],
    [
      'restarts',
      `${status.restarts} (${status.stepsLost} steps done again, ${status.fullRestarts} from a checkpoint)`,
    ],
    ...(bitsMayDiffer
      ? [['bits', `may differ: not all rings had ${ringSize} slots that compute alike`]]
      : []),
    ...(progress?.checkpointFailure === undefined ? [] : [['checkpoint', progress.checkpointFailure]]),
    ...(lastFailure === null ? [] : [['last failure', lastFailure]]),
  ];
  const parts = [`**${paused ? `paused (${state})` : state}**`, table(['', ''], rows)];
  if (slots.length > 0) parts.push(table(SLOT_HEAD, slots.map(slotRow)));
  return parts.join('\n\n');
}

const SLOT_HEAD = ['rank', 'slot', 'device', 'step', 'loss', 'memory', 'compute', 'wait', 'transfer', 'data'];

const slotRow = ({ rank, queue, device, kernel, step, loss, memoryMb, shares }: SlotStatus): string[] => [
  `${rank}`,
  queue,
  kernel === null ? device : `${device} ${kernel}`,
  `${step ?? '–'}`,
  loss === null ? '–' : loss.toPrecision(4),
  memoryMb === null ? '–' : `${Math.round(memoryMb)} MB`,
  ...(['compute', 'wait', 'transfer', 'data'] as const).map((name) => percent(shares, name)),
];

const percent = (shares: TimeShares | null, name: keyof TimeShares) =>
  shares ? `${(100 * shares[name]).toFixed(0)} %` : '–';

const ofTotal = ({ totalSteps }: SegmentProgress) => (totalSteps === null ? '' : ` of ${totalSteps}`);

/** By the budget or by the steps, whichever ends the run first; null while neither is known. */
export function secondsLeft(progress: SegmentProgress | null): number | null {
  if (!progress || progress.step === 0) return null;
  const { step, totalSteps, secondsUsed, budgetSeconds } = progress;
  const byBudget = budgetSeconds === null ? Infinity : budgetSeconds - secondsUsed;
  const bySteps = totalSteps === null ? Infinity : ((totalSteps - step) * secondsUsed) / step;
  const left = Math.min(byBudget, bySteps);
  return Number.isFinite(left) ? Math.max(0, Math.round(left)) : null;
}

export function trainingNote(progress: SegmentProgress): string {
  const { step, loss, tokensPerSecond } = progress;
  const left = secondsLeft(progress);
  const parts = [
    `step ${step}${ofTotal(progress)}`,
    `loss ${loss.toPrecision(4)}`,
    `${tokensPerSecond.toFixed(0)} tokens/s`,
    ...(left === null ? [] : [`${duration(left)} left`]),
  ];
  return parts.join(', ');
}
