import type { Socket } from 'node:net';

/** What a peer may leave unread before nothing more is read of it. */
const MOST_UNREAD = 2 ** 20;

/** Everything that is written to one connection, in its order. */
export class Outbox {
  readonly #socket: Socket;
  #frames: Buffer[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('drain', () => socket.resume());
  }

  /** Goes with all that is sent before the loop turns: answers of one batch leave in one piece. */
  send(frame: Buffer): void {
    if (this.#frames.push(frame) === 1) process.nextTick(() => this.#flush());
  }

  /** Sends what waits and says no more. */
  end(): void {
    this.#flush();
    this.#socket.end();
  }

  #flush(): void {
    const frames = this.#frames;
    if (frames.length === 0) return;
    this.#frames = [];
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    // Who asks and does not listen is not heard any more, or answers would pile up here.
    if (this.#socket.writableLength > MOST_UNREAD) this.#socket.pause();
  }
}
