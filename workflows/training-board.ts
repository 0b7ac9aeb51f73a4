import { log, setCurrentDetails } from '@temporalio/workflow';
import type {
  LeaseNews,
  SegmentNews,
  SlotStatus,
  TrainingState,
  TrainingStatus,
} from '../src/contracts/progress.ts';
import type { SlotLease } from '../src/contracts/slot-pool.ts';
import type {
  LostAndFound,
  SegmentProgress,
  SegmentResult,
  SlotRecord,
  TrainingPlan,
} from '../src/contracts/training.ts';
import { boardDetails, secondsLeft } from './training-details.ts';

/** What a board carries when its run continues as new. */
export interface CarriedBoard {
  epoch: number;
  lost: LostAndFound;
  fruitless: number;
  stepsTaken: number;
  lastFailure: string | null;
  numerics: string | null;
  bitsMayDiffer: boolean;
  results: SegmentResult[];
}

/** What a run carries when it continues as new. */
export interface CarriedTraining {
  board: CarriedBoard;
  lease: SlotLease | null;
  paused: boolean;
  stopping: boolean;
}

/** Where a training stands: kept for queries and for the details that the UI shows. */
export class TrainingBoard {
  private readonly ringSize: number;
  private state: TrainingState = 'planning';
  private carried: CarriedBoard;
  private slots: readonly SlotRecord[] = [];
  /** The newest word of each rank of this ring. */
  private news: (SegmentProgress | undefined)[] = [];
  private waitingFor: string | null = null;
  private paused = false;

  constructor(ringSize: number, carried?: CarriedBoard) {
    this.ringSize = ringSize;
    this.carried = carried ?? {
      epoch: 0,
      lost: { stepsLost: 0, fullRestarts: 0, restarts: 0 },
      fruitless: 0,
      stepsTaken: 0,
      lastFailure: null,
      numerics: null,
      bitsMayDiffer: false,
      results: [],
    };
  }

  /** How often in a row a ring has broken without a step taken, as far as is known. */
  get fruitless(): number {
    return this.carried.fruitless;
  }

  /** Why the last ring broke. */
  get lastFailure(): string | null {
    return this.carried.lastFailure;
  }

  /** What the run began to compute with; null before its first ring. */
  get numerics(): string | null {
    return this.carried.numerics;
  }

  get bitsMayDiffer(): boolean {
    return this.carried.bitsMayDiffer;
  }

  /** What the slots said at the end of the last segment, by rank. */
  get results(): SegmentResult[] {
    return this.carried.results;
  }

  enter(state: TrainingState): void {
    this.state = state;
    this.waitingFor = null;
    this.describe(this.paused);
  }

  /** The slots of the next ring, in the order of their ranks. */
  meet(slots: readonly SlotRecord[]): void {
    this.slots = slots;
    this.news = [];
    const { carried } = this;
    // Bits are a function of the ring's size and of what computes.
    const asUsual =
      slots.length === this.ringSize && slots.every(({ numerics }) => numerics === slots[0]!.numerics);
    if (!asUsual && !carried.bitsMayDiffer) {
      carried.bitsMayDiffer = true;
      log.warn('This ring is not of the size or not of the one kind that was asked for: bits may differ', {
        asked: this.ringSize,
        slots: slots.length,
      });
    }
    carried.numerics ??= slots[0]?.numerics ?? null;
    this.enter('forming the ring');
  }

  /** Seconds since 1970 at least: a later workflow of the same run fences off what is left of an earlier one. */
  nextEpoch(): number {
    this.carried.epoch = Math.max(this.carried.epoch + 1, Math.floor(Date.now() / 1000));
    return this.carried.epoch;
  }

  /** What the run's files say of it. Steps count as gained when they are taken, also where a checkpoint was gone back to. */
  learn({ numerics, stepsTaken, stepsLost, fullRestarts, restarts }: TrainingPlan): void {
    const { carried } = this;
    carried.lost = { stepsLost, fullRestarts, restarts };
    carried.numerics = numerics ?? carried.numerics;
    if (stepsTaken > carried.stepsTaken) carried.fruitless = 0;
    carried.stepsTaken = stepsTaken;
  }

  hear({ epoch, rank, progress }: SegmentNews): void {
    if (epoch !== this.carried.epoch) return;
    const before = this.news[rank];
    if (before && progress.step > before.step) this.carried.fruitless = 0;
    this.news[rank] = progress;
    this.describe(this.paused);
  }

  hearOfLease({ epoch, waitingFor }: LeaseNews): void {
    if (epoch !== this.carried.epoch || this.state !== 'waiting for slots') return;
    this.waitingFor = waitingFor;
    this.describe(this.paused);
  }

  finishSegments(segments: readonly SegmentResult[]): void {
    this.carried.results = [...segments];
    for (const { rank, step, loss, secondsUsed, tokensPerSecond, memoryMb, shares } of segments) {
      const heard = this.news[rank];
      // News come now and then; what stays to be seen is where the segment ended.
      if (heard) {
        this.news[rank] = { ...heard, step, loss, secondsUsed, tokensPerSecond, memoryMb, shares };
      }
    }
  }

  noteBreak(reason: string): void {
    this.carried.fruitless += 1;
    this.carried.lastFailure = reason;
    this.describe(this.paused);
  }

  carry(): CarriedBoard {
    return this.carried;
  }

  status(): TrainingStatus {
    const { epoch, lost, lastFailure, bitsMayDiffer, results } = this.carried;
    const { state, ringSize, waitingFor } = this;
    const memory: readonly ({ memoryMb: number } | undefined)[] = this.news.length > 0 ? this.news : results;
    const progress = this.news[0] ?? null;
    return {
      state,
      epoch,
      ringSize,
      slots: this.slots.map((slot, rank) => statusOf(slot, rank, this.news[rank])),
      ...lost,
      progress,
      slotMemoryMb: Array.from(memory, (word) => word?.memoryMb ?? 0),
      secondsLeft: state === 'done' ? null : secondsLeft(progress),
      lastFailure,
      waitingFor,
      bitsMayDiffer,
    };
  }

  describe(paused: boolean): void {
    this.paused = paused;
    setCurrentDetails(boardDetails(this.status(), paused));
  }
}

const statusOf = (
  { queue, device, kernel, threads }: SlotRecord,
  rank: number,
  news?: SegmentProgress,
): SlotStatus => ({
  rank,
  queue,
  device,
  kernel,
  threads,
  step: news?.step ?? null,
  loss: news?.loss ?? null,
  tokensPerSecond: news?.tokensPerSecond ?? null,
  memoryMb: news?.memoryMb ?? null,
  shares: news?.shares ?? null,
});
