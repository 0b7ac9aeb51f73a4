import { ConnectionError, ERROR, StreamError } from './frames.ts';
import type { ServerStream } from './stream.ts';

export const MOST_STREAMS = 256;
/** Streams that ended before their peer knew: what still comes for them is let go by. */
const MOST_ENDED_EARLY = 1000;

/** The streams of one connection: those that are open, and what can be said of the others by their numbers. */
export class StreamTable {
  readonly #open = new Map<number, ServerStream>();
  readonly #endedEarly = new Set<number>();
  #last = 0;

  get size(): number {
    return this.#open.size;
  }

  /** The newest that its peer has opened. */
  get last(): number {
    return this.#last;
  }

  all(): ServerStream[] {
    return [...this.#open.values()];
  }

  find(id: number): ServerStream | undefined {
    return this.#open.get(id);
  }

  /**
   * Headers came for a stream that is not open.
   * @returns whether they open it; they are let go by where it is over, which its peer did not know yet
   * @throws ConnectionError
   */
  begins(id: number): boolean {
    if (id % 2 === 0) {
      throw new ConnectionError(ERROR.protocol, 'a stream of the server, opened by the client');
    }
    if (id > this.#last) {
      this.#last = id;
      return true;
    }
    if (this.#endedEarly.has(id)) return false;
    throw new ConnectionError(ERROR.streamClosed, 'a stream that is over');
  }

  /** @throws StreamError where there are too many */
  requireRoom(id: number): void {
    if (this.#open.size >= MOST_STREAMS) throw new StreamError(id, ERROR.refusedStream, 'too many streams');
  }

  /**
   * DATA came for a stream that is not open. It is let go by where the peer could not know.
   * @throws ConnectionError
   */
  requireEndedEarly(id: number): void {
    this.requireBegun(id, 'data');
    if (!this.#endedEarly.has(id))
      throw new ConnectionError(ERROR.streamClosed, 'data of a stream that is over');
  }

  /** @throws ConnectionError */
  requireBegun(id: number, what: string): void {
    if (id > this.#last) throw new ConnectionError(ERROR.protocol, `${what} of a stream that never was`);
  }

  add(stream: ServerStream): void {
    this.#open.set(stream.id, stream);
  }

  remove(stream: ServerStream): void {
    this.#open.delete(stream.id);
  }

  endEarly(id: number): void {
    this.#endedEarly.add(id);
    if (this.#endedEarly.size <= MOST_ENDED_EARLY) return;
    const [oldest] = this.#endedEarly;
    this.#endedEarly.delete(oldest!);
  }

  clear(): void {
    this.#open.clear();
  }
}
