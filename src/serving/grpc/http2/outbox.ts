import type { Socket } from 'node:net';

/** What a peer may leave unread before no more DATA is written to it; answers then wait as they are. */
const MOST_DATA = 2 ** 20;
/** And before nothing more is read of it: what it asks for then can be answered no more. */
const MOST_UNREAD = 2 ** 21;

/** Everything that is written to one connection, in its order. */
export class Outbox {
  readonly #socket: Socket;
  readonly #drained: () => void;
  #frames: Buffer[] = [];
  #bytes = 0;

  /** @param drained it was full, and all of it has gone */
  constructor(socket: Socket, drained: () => void) {
    this.#socket = socket;
    this.#drained = drained;
    socket.on('drain', () => {
      socket.resume();
      drained();
    });
  }

  /** DATA is to wait until it has drained. */
  get isFull(): boolean {
    return this.#bytes + this.#socket.writableLength > MOST_DATA;
  }

  /** Goes with all that is sent before the loop turns: answers of one batch leave in one piece. */
  send(frame: Buffer): void {
    this.#bytes += frame.length;
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
    const wasFull = this.#bytes > MOST_DATA;
    this.#frames = [];
    this.#bytes = 0;
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    const isGone = this.#socket.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    // What the network took at once is not told of; others have their turn before there is more.
    if (isGone && wasFull) setImmediate(this.#drained);
    // Who asks and does not listen is not heard any more, or answers would pile up here.
    if (this.#socket.writableLength > MOST_UNREAD) this.#socket.pause();
  }
}
