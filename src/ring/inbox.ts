import type { Frame } from './frames.ts';

/** A neighbour may be a few small frames ahead of this rank, or one large one. */
const FRAMES_AHEAD = 16;
const BYTES_AHEAD = 32 << 20;

/** Frames in order, for whoever asks next; full when more lies here than a program in step with its neighbour needs. */
export class Inbox {
  readonly #frames: Frame[] = [];
  readonly #waiting: { resolve: (frame: Frame) => void; reject: (error: Error) => void }[] = [];
  readonly #roomAgain: () => void;
  #bytes = 0;
  #failure: Error | undefined;

  constructor(roomAgain: () => void) {
    this.#roomAgain = roomAgain;
  }

  get full(): boolean {
    return this.#frames.length >= FRAMES_AHEAD || this.#bytes >= BYTES_AHEAD;
  }

  put(frame: Frame): void {
    const waiting = this.#waiting.shift();
    if (waiting) {
      waiting.resolve(frame);
      return;
    }
    this.#frames.push(frame);
    this.#bytes += frame.payload.byteLength;
  }

  /** What came before the failure can still be had. */
  next(): Promise<Frame> {
    const frame = this.#frames.shift();
    if (frame) {
      const wasFull = this.#bytes >= BYTES_AHEAD || this.#frames.length + 1 >= FRAMES_AHEAD;
      this.#bytes -= frame.payload.byteLength;
      if (wasFull && !this.full) this.#roomAgain();
      return Promise.resolve(frame);
    }
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  fail(failure: Error): void {
    this.#failure ??= failure;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
