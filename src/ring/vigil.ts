export interface LinkTiming {
  /** How often a link says that its process lives. */
  aliveEveryMs: number;
  /** After so long without a byte the neighbour counts as lost. */
  silenceMs: number;
}

/**
 * A dead process closes its connection and is noticed at once; this is for a paused or unplugged one. Shorter, and a
 * slot that computes one long segment on an overloaded machine would be taken for lost.
 */
export const DEFAULT_TIMING: LinkTiming = { aliveEveryMs: 1000, silenceMs: 8000 };

/**
 * Of a payload that is under way, so much must come within the time of silence. Heartbeats alone do not make it up:
 * when bytes of a payload are lost on the way, what follows them is taken for the rest of it.
 */
const PROGRESS_BYTES = 4096;

/** Watches over a neighbour by what is heard of it. */
export class Vigil {
  readonly #timing: LinkTiming;
  readonly #lost: (what: string) => void;
  readonly #timer: NodeJS.Timeout;
  #lastHeard = performance.now();
  #lastWatched = performance.now();
  #trickle = 0;
  #deaf = false;

  constructor(timing: LinkTiming, on: { beat: () => void; lost: (what: string) => void }) {
    this.#timing = timing;
    this.#lost = on.lost;
    this.#timer = setInterval(() => {
      this.#watch();
      on.beat();
    }, timing.aliveEveryMs);
  }

  /**
   * While this side does not read, it hears nothing and takes silence for nothing. A neighbour that dies meanwhile
   * still shows, by the heartbeats that cannot be written to it; one that only hangs shows after reading goes on.
   */
  set deaf(deaf: boolean) {
    this.#deaf = deaf;
    this.#lastHeard = performance.now();
  }

  /** `complete`: no payload is left half read. */
  heard(bytes: number, complete: boolean): void {
    this.#trickle += bytes;
    if (!complete && this.#trickle < PROGRESS_BYTES) return;
    this.#trickle = 0;
    this.#lastHeard = performance.now();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #watch(): void {
    const { aliveEveryMs, silenceMs } = this.#timing;
    const now = performance.now();
    // When this process itself was held up, what neighbours sent meanwhile may still lie unread.
    if (now - this.#lastWatched > 2 * aliveEveryMs)
      this.#lastHeard = Math.max(this.#lastHeard, now - silenceMs / 2);
    this.#lastWatched = now;
    if (!this.#deaf && now - this.#lastHeard > silenceMs)
      this.#lost(`it has been silent for ${(silenceMs / 1000).toFixed(1)} s`);
  }
}
