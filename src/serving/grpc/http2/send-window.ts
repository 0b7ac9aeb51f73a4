import { MOST_WINDOW } from './frames.ts';

/** Bytes of DATA that the other side still takes (RFC 9113, section 5.2); below zero after it has taken some back. */
export class SendWindow {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get left(): number {
    return this.#left;
  }

  spend(bytes: number): void {
    this.#left -= bytes;
  }

  /** @returns false where it grows beyond what a window may be */
  widen(bytes: number): boolean {
    this.#left += bytes;
    return this.#left <= MOST_WINDOW;
  }
}
