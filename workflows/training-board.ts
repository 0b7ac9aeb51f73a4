import { ActivityFailure, ApplicationFailure, TimeoutFailure, setCurrentDetails } from '@temporalio/workflow';
import type { SegmentNews, TrainingState, TrainingStatus } from '../src/contracts/progress.ts';
import {
  segmentProgress,
  type SegmentProgress,
  type SegmentResult,
  type SlotRecord,
} from '../src/contracts/training.ts';
import { duration, table } from './markdown.ts';

/** What a run carries when it continues as new. */
export interface CarriedTraining {
  epoch: number;
  restarts: number;
  stepsLost: number;
  fruitless: number;
  bestStep: number;
  results: SegmentResult[];
  paused: boolean;
  stopping: boolean;
}

/** Where a training stands: kept for queries and for the details that the UI shows. */
export class TrainingBoard {
  private readonly ringSize: number;
  private state: TrainingState = 'planning';
  private epoch: number;
  private restarts: number;
  private stepsLost: number;
  private fruitless: number;
  /** The highest step of a checkpoint so far. */
  private bestStep: number;
  private slots: string[] = [];
  /** What the slots said at the end of the last segment, by rank. */
  private results: SegmentResult[];
  private progress: SegmentProgress | null = null;
  private memoryMb: number[] = [];
  /** The highest step that any slot has told of since the last checkpoint was taken up. */
  private lastStep = 0;
  private lastFailure: string | null = null;
  private paused = false;

  constructor(ringSize: number, carried?: CarriedTraining) {
    this.ringSize = ringSize;
    this.epoch = carried?.epoch ?? 0;
    this.restarts = carried?.restarts ?? 0;
    this.stepsLost = carried?.stepsLost ?? 0;
    this.fruitless = carried?.fruitless ?? 0;
    this.bestStep = carried?.bestStep ?? 0;
    this.results = carried?.results ?? [];
  }

  enter(state: TrainingState, slots?: readonly SlotRecord[]): void {
    this.state = state;
    if (slots) this.slots = slots.map(({ queue }) => queue);
    this.describe(this.paused);
  }

  /** Seconds since 1970 at least: a later workflow of the same run fences off what is left of an earlier one. */
  nextEpoch(): number {
    this.epoch = Math.max(this.epoch + 1, Math.floor(Date.now() / 1000));
    return this.epoch;
  }

  resumeFrom(step: number): void {
    if (step > this.bestStep) this.fruitless = 0;
    this.bestStep = Math.max(this.bestStep, step);
    this.stepsLost += Math.max(0, this.lastStep - step);
    this.lastStep = step;
  }

  hear({ epoch, rank, progress }: SegmentNews): void {
    if (epoch !== this.epoch) return;
    this.memoryMb[rank] = progress.memoryMb;
    this.reached(progress.step);
    if (rank === 0) this.progress = progress;
    this.describe(this.paused);
  }

  finishSegments(segments: readonly SegmentResult[]): void {
    this.results = [...segments];
    this.memoryMb = segments.map(({ memoryMb }) => memoryMb);
    this.lastStep = 0;
  }

  /** A slot's last words: how far it had come when its segment failed. */
  hearFailure(error: unknown): void {
    const parsed = segmentProgress.safeParse(lastDetails(error));
    if (parsed.success) this.reached(parsed.data.step);
  }

  /** Returns how often in a row a ring has broken without a newer checkpoint. */
  noteRestart(reason: string): number {
    this.restarts += 1;
    this.fruitless += 1;
    this.lastFailure = reason;
    this.progress = null;
    this.describe(this.paused);
    return this.fruitless;
  }

  private reached(step: number): void {
    this.lastStep = Math.max(this.lastStep, step);
  }

  /** What `finishTraining` wants to know of the run. */
  totals() {
    const { results } = this;
    return { results };
  }

  carry(): Omit<CarriedTraining, 'paused' | 'stopping'> {
    const { epoch, restarts, stepsLost, fruitless, bestStep, results } = this;
    return { epoch, restarts, stepsLost, fruitless, bestStep, results };
  }

  status(): TrainingStatus {
    return {
      state: this.state,
      epoch: this.epoch,
      ringSize: this.ringSize,
      slots: this.slots,
      restarts: this.restarts,
      stepsLost: this.stepsLost,
      progress: this.progress,
      slotMemoryMb: this.memoryMb.map((value) => value ?? 0),
      secondsLeft: secondsLeft(this.progress),
      lastFailure: this.lastFailure,
    };
  }

  describe(paused: boolean): void {
    this.paused = paused;
    const { state, progress, epoch, slots, restarts, stepsLost, lastFailure } = this.status();
    const left = secondsLeft(progress);
    const rows = [
      ['ring', `${this.ringSize} slots, epoch ${epoch}`],
      ['slots', slots.join(', ') || '–'],
      [
        'step',
        progress
          ? `${progress.step}${progress.totalSteps === null ? '' : ` of ${progress.totalSteps}`}`
          : '–',
      ],
      ['loss', progress ? progress.loss.toPrecision(4) : '–'],
      ['tokens a second', progress ? progress.tokensPerSecond.toFixed(0) : '–'],
      ['memory a slot', this.memoryMb.map((mb) => `${Math.round(mb)} MB`).join(', ') || '–'],
      ['time left', left === null ? '–' : duration(left)],
      ['restarts', `${restarts} (${stepsLost} steps done again)`],
      ...(lastFailure === null ? [] : [['last failure', lastFailure]]),
    ];
    setCurrentDetails(`**${paused ? `paused (${state})` : state}**\n\n${table(['', ''], rows)}`);
  }
}

/** What an activity that failed or fell silent had last said. */
function lastDetails(error: unknown): unknown {
  if (!(error instanceof ActivityFailure)) return undefined;
  const { cause } = error;
  if (cause instanceof TimeoutFailure) return cause.lastHeartbeatDetails;
  return cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
}

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
  const { step, totalSteps, loss, tokensPerSecond } = progress;
  const left = secondsLeft(progress);
  const parts = [
    `step ${step}${totalSteps === null ? '' : ` of ${totalSteps}`}`,
    `loss ${loss.toPrecision(4)}`,
    `${tokensPerSecond.toFixed(0)} tokens/s`,
    ...(left === null ? [] : [`${duration(left)} left`]),
  ];
  return parts.join(', ');
}
