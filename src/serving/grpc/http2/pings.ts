import { FLAG, FRAME, frame } from './frames.ts';
import type { Outbox } from './outbox.ts';

const PING = frame(FRAME.ping, 0, 0, Buffer.alloc(8));

/** Pings of ours that the peer has yet to answer, which it does in their order. */
export class Pings {
  readonly #outbox: Outbox;
  readonly #open: (() => void)[] = [];

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** `answered` once the peer has told that it is there, and so has read all that was sent before. */
  send(answered: () => void): void {
    this.#open.push(answered);
    this.#outbox.send(PING);
  }

  answered(): void {
    this.#open.shift()?.();
  }

  /** To one of the peer's. */
  answer(payload: Buffer): void {
    this.#outbox.send(frame(FRAME.ping, FLAG.ack, 0, payload));
  }
}
