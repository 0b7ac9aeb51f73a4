import {
  ConnectionError,
  DEFAULT_WINDOW,
  ERROR,
  FLAG,
  FRAME,
  FRAME_BYTES,
  frame,
  StreamError,
} from './frames.ts';
import { NO_TABLE } from './hpack/encoder.ts';
import type { Outbox } from './outbox.ts';
import { SendWindow } from './send-window.ts';
import type { PeerSettings } from './settings.ts';
import type { ServerStream } from './stream.ts';

/** However large a peer takes them: a large frame lets no other by. */
const MOST_FRAME_BYTES = 2 ** 18;

/** Sends the answers of one connection as far as the peer's windows and the socket take them. */
export class Sender {
  readonly #outbox: Outbox;
  readonly #answered: (stream: ServerStream) => void;
  readonly #window = new SendWindow(DEFAULT_WINDOW);
  /**
   * Streams that wait for the connection's window or for the socket. Whose own window is shut is none of them: to look at
   * each for every update of the other window would cost us more than an update costs the peer.
   */
  readonly #waiting = new Set<ServerStream>();
  #streamWindow = DEFAULT_WINDOW;
  #frameBytes = FRAME_BYTES;
  #tellsNoTable = false;
  #sent = 0;
  #sentAtLook = -1;

  /** @param answered the last frame of a stream is on its way */
  constructor(outbox: Outbox, answered: (stream: ServerStream) => void) {
    this.#outbox = outbox;
    this.#answered = answered;
  }

  /** What a new stream may send. */
  get streamWindow(): number {
    return this.#streamWindow;
  }

  /** Blocks of ours fit into one frame: what callers may put into them is bounded. */
  headers(stream: ServerStream, block: Buffer, endStream: boolean): void {
    const flags = FLAG.endHeaders | (endStream ? FLAG.endStream : 0);
    if (this.#tellsNoTable) {
      this.#tellsNoTable = false;
      this.#outbox.send(frame(FRAME.headers, flags, stream.id, NO_TABLE, block));
    } else {
      this.#outbox.send(frame(FRAME.headers, flags, stream.id, block));
    }
    if (endStream) this.#answered(stream);
  }

  /** What a stream has not sent yet, and its trailers after it. */
  data(stream: ServerStream): void {
    const { unsent, trailers } = stream;
    while (unsent.length > 0) {
      const first = unsent[0]!;
      const { bytes, at } = first;
      const left = bytes.length - at;
      const size = Math.min(left, this.#frameBytes, stream.sending.left, this.#window.left);
      if (size <= 0 || this.#outbox.isFull) {
        if (stream.sending.left > 0) this.#waiting.add(stream);
        return;
      }
      stream.sending.spend(size);
      this.#window.spend(size);
      this.#sent += size;
      this.#outbox.send(frame(FRAME.data, 0, stream.id, bytes.subarray(at, at + size)));
      if (size === left) unsent.shift();
      else first.at += size;
    }
    this.#waiting.delete(stream);
    if (trailers) this.headers(stream, trailers, true);
  }

  /** Goes on with the streams that wait. */
  goOn(): void {
    for (const stream of [...this.#waiting]) {
      if (this.#window.left <= 0 || this.#outbox.isFull) return;
      // To the end of the line: one that has much to send lets the others by.
      this.#waiting.delete(stream);
      this.data(stream);
    }
  }

  /** @throws ConnectionError */
  widen(bytes: number): void {
    if (!this.#window.widen(bytes)) throw tooWide();
    this.goOn();
  }

  /** @throws StreamError */
  widenStream(stream: ServerStream, bytes: number): void {
    if (!stream.sending.widen(bytes)) {
      throw new StreamError(stream.id, ERROR.flowControl, 'a window beyond all windows');
    }
    if (stream.unsent.length > 0 && !this.#waiting.has(stream)) this.data(stream);
  }

  /** @throws ConnectionError */
  settle(
    { initialWindowSize, maxFrameSize, headerTableSize }: PeerSettings,
    streams: readonly ServerStream[],
  ): void {
    if (maxFrameSize !== undefined) this.#frameBytes = Math.min(maxFrameSize, MOST_FRAME_BYTES);
    // Its table is none of ours, yet it must hear so (RFC 7541, section 4.2).
    if (headerTableSize !== undefined) this.#tellsNoTable = true;
    if (initialWindowSize === undefined) return;
    const wider = initialWindowSize - this.#streamWindow;
    this.#streamWindow = initialWindowSize;
    for (const stream of streams) if (!stream.sending.widen(wider)) throw tooWide();
    for (const stream of streams) if (stream.unsent.length > 0) this.#waiting.add(stream);
    this.goOn();
  }

  forget(stream: ServerStream): void {
    this.#waiting.delete(stream);
  }

  /** Those of the streams whose answers have not moved since this was last asked, nor could. */
  stalled(streams: readonly ServerStream[]): ServerStream[] {
    const hasSent = this.#sent !== this.#sentAtLook;
    this.#sentAtLook = this.#sent;
    // Who waits for a connection that moves has its turn to come.
    return streams.filter((stream) => stream.stands() && !(hasSent && this.#waiting.has(stream)));
  }
}

const tooWide = () => new ConnectionError(ERROR.flowControl, 'a window beyond all windows');
