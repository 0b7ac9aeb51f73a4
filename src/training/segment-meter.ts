import type { SegmentProgress, TimeShares } from '../contracts/training.ts';
import type { Checkpoint } from './recovery/checkpoint.ts';
import { TimeLedger, type TimeSources } from './time-ledger.ts';

type Measured = Pick<SegmentProgress, 'step' | 'loss' | 'secondsUsed' | 'tokensPerSecond' | 'memoryMb'> & {
  shares: TimeShares;
};

/** What a rank has measured of its segment, as its progress and its result tell it. */
export class SegmentMeter {
  readonly #checkpoint: Checkpoint;
  readonly #tokensAStep: number;
  readonly #ledger: TimeLedger;
  readonly #began = performance.now();
  #tokens = 0;
  #rate = 0;

  /** `checkpoint` is what the segment trains on, changed by every step. */
  constructor(checkpoint: Checkpoint, tokensAStep: number, sources: TimeSources) {
    this.#checkpoint = checkpoint;
    this.#tokensAStep = tokensAStep;
    this.#ledger = new TimeLedger(sources);
  }

  /** Since the segment began. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** A step has been committed. */
  step(): void {
    this.#tokens += this.#tokensAStep;
    this.#rate = this.#tokens / this.seconds;
    this.#ledger.step();
  }

  /** With the shares of the last seconds. */
  recent(): Measured {
    return this.#measured(this.#ledger.recent());
  }

  /** With the shares of the whole segment. */
  total(): Measured {
    return this.#measured(this.#ledger.total());
  }

  #measured(shares: TimeShares): Measured {
    const { state } = this.#checkpoint;
    return {
      step: state.step,
      // Before the first step of this ring: that of the last one before it.
      loss: state.history.at(-1)?.loss ?? 0,
      secondsUsed: state.secondsUsed,
      tokensPerSecond: Math.round(this.#rate),
      memoryMb: Math.round(process.resourceUsage().maxRSS / 1024),
      shares,
    };
  }
}
