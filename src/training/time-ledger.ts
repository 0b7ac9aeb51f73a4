import type { TimeShares } from '../contracts/training.ts';
import type { RingTiming } from '../ring/collectives.ts';

/** People ask where the time goes now, not where it went an hour ago; a single step may be an odd one. */
const RECENT_MS = 10_000;

interface Mark {
  at: number;
  waitMs: number;
  transferMs: number;
  dataMs: number;
}

/** Running totals of what is not computation. */
export interface TimeSources {
  ring(): Pick<RingTiming, 'waitSeconds' | 'transferSeconds'>;
  /** Seconds spent waiting for batches. */
  data(): number;
}

/** Keeps account of where the time of a segment's steps goes. */
export class TimeLedger {
  readonly #sources: TimeSources;
  readonly #clock: () => number;
  readonly #first: Mark;
  /** At step boundaries, oldest first: what lies further back than one step and `RECENT_MS` is dropped. */
  #marks: Mark[];

  constructor(sources: TimeSources, clock: () => number = () => performance.now()) {
    this.#sources = sources;
    this.#clock = clock;
    this.#first = this.#mark();
    this.#marks = [this.#first];
  }

  /** A step has ended. */
  step(): void {
    const now = this.#mark();
    this.#marks.push(now);
    while (this.#marks.length > 2 && now.at - this.#marks[1]!.at >= RECENT_MS) this.#marks.shift();
  }

  /** Of the last seconds, one step at least. */
  recent(): TimeShares {
    return sharesBetween(this.#marks[0]!, this.#marks.at(-1)!);
  }

  total(): TimeShares {
    return sharesBetween(this.#first, this.#marks.at(-1)!);
  }

  #mark(): Mark {
    const { waitSeconds, transferSeconds } = this.#sources.ring();
    return {
      at: this.#clock(),
      waitMs: 1000 * waitSeconds,
      transferMs: 1000 * transferSeconds,
      dataMs: 1000 * this.#sources.data(),
    };
  }
}

function sharesBetween(from: Mark, to: Mark): TimeShares {
  const wall = to.at - from.at;
  if (wall <= 0) return { compute: 0, wait: 0, transfer: 0, data: 0 };
  const share = (ms: number) => Math.round(1000 * Math.min(1, Math.max(0, ms / wall))) / 1000;
  const wait = to.waitMs - from.waitMs;
  const data = to.dataMs - from.dataMs;
  return {
    compute: share(wall - wait - data),
    wait: share(wait),
    transfer: share(to.transferMs - from.transferMs),
    data: share(data),
  };
}
