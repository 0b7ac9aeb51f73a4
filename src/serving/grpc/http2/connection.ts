import type { Socket } from 'node:net';
import { giveBack, lend } from '../../lent-memory.ts';
import {
  ConnectionError,
  ERROR,
  type ErrorCode,
  FLAG,
  FRAME,
  frame,
  goAway,
  resetFrame,
  StreamError,
} from './frames.ts';
import { FrameReader } from './frame-reader.ts';
import { MOST_HEADER_BYTES, requireStream } from './header-blocks.ts';
import { Nuisance } from './nuisance.ts';
import { Outbox } from './outbox.ts';
import { Pings } from './pings.ts';
import { requirePriority } from './priority.ts';
import { Receiver, STREAM_WINDOW } from './receiver.ts';
import { Sender } from './sender.ts';
import { readSettings, writeSettings } from './settings.ts';
import type { ServerStream, StreamConnection } from './stream.ts';
import { type ConnectionHandlers, StreamFrames } from './stream-frames.ts';
import { MOST_STREAMS, StreamTable } from './stream-table.ts';

const NEWEST_OF_ALL = 2 ** 31 - 1;
const PING_BYTES = 8;
/** So long a peer may take to read why it is left. */
const LAST_WORDS_MS = 1000;

/**
 * The server's side of one HTTP/2 connection (RFC 9113), over plain TCP or TLS. What the peer does wrong ends its stream
 * or its connection, by the codes of the RFC; nothing that it does is an error here.
 */
export class ServerConnection implements StreamConnection {
  readonly socket: Socket;
  readonly #reader = new FrameReader();
  readonly #nuisance = new Nuisance();
  readonly #streams = new StreamTable();
  readonly #outbox: Outbox;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #pings: Pings;
  readonly #frames: StreamFrames;
  #isSettled = false;
  #leaving: 'no' | 'said' | 'for good' = 'no';
  #isOver = false;

  constructor(socket: Socket, handlers: ConnectionHandlers) {
    this.socket = socket;
    this.#outbox = new Outbox(socket, () => this.#sender.goOn());
    this.#sender = new Sender(this.#outbox, (stream) => this.#answered(stream));
    this.#receiver = new Receiver(this.#outbox);
    this.#pings = new Pings(this.#outbox);
    this.#frames = new StreamFrames({
      ...{ connection: this, handlers },
      ...{ streams: this.#streams, sender: this.#sender, receiver: this.#receiver, nuisance: this.#nuisance },
      isClosed: () => this.#leaving === 'for good',
      gone: (stream) => this.#remove(stream),
    });
    const settings = {
      initialWindowSize: STREAM_WINDOW,
      maxConcurrentStreams: MOST_STREAMS,
      maxHeaderListSize: MOST_HEADER_BYTES,
    };
    this.#outbox.send(frame(FRAME.settings, 0, 0, writeSettings(settings)));
    this.#receiver.open();
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', () => this.#over());
    socket.on('close', () => this.#over());
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Since when half a frame waits for the rest (`performance.now()`). */
  get partSince(): number | undefined {
    return this.#reader.partSince;
  }

  /** `answered` once the peer has told that it is there. */
  ping(answered: () => void): void {
    if (!this.#isOver) this.#pings.send(answered);
  }

  /** Gives up answers that the peer has taken nothing of since this was last asked for. */
  resetStalled(): void {
    for (const stream of this.#sender.stalled(this.#streams.all())) stream.reset(ERROR.cancel);
  }

  /**
   * Says that no more streams are taken, takes those that were under way before the peer heard of it, and ends when all
   * are answered (RFC 9113, section 6.8).
   */
  leave(): void {
    if (this.#leaving !== 'no' || this.#isOver) return;
    this.#leaving = 'said';
    if (!this.#isSettled) {
      this.#end(ERROR.none);
      return;
    }
    this.#outbox.send(goAway(NEWEST_OF_ALL, ERROR.none));
    this.ping(() => {
      this.#leaving = 'for good';
      this.#outbox.send(goAway(this.#streams.last, ERROR.none));
      this.#endWhenDone();
    });
  }

  destroy(): void {
    this.socket.destroy();
    this.#over();
  }

  wasRead(stream: ServerStream, bytes: number): void {
    if (!this.#isOver) this.#receiver.wasRead(stream, bytes);
  }

  sendHeaders(stream: ServerStream, block: Buffer, endStream: boolean): void {
    this.#sender.headers(stream, block, endStream);
  }

  sendData(stream: ServerStream): void {
    this.#sender.data(stream);
  }

  reset(stream: ServerStream, code: ErrorCode): void {
    if (this.#isOver) return;
    this.#outbox.send(resetFrame(stream.id, code));
    this.#close(stream);
  }

  /** Its last frame is on the way. */
  #answered(stream: ServerStream): void {
    // Whatever is still coming is of no use to anybody (RFC 9113, section 8.1).
    if (!stream.ended) this.#outbox.send(resetFrame(stream.id, ERROR.none));
    this.#close(stream);
  }

  #close(stream: ServerStream): void {
    if (!stream.ended) this.#streams.endEarly(stream.id);
    this.#remove(stream);
  }

  #remove(stream: ServerStream): void {
    this.#streams.remove(stream);
    this.#sender.forget(stream);
    stream.close();
    this.#endWhenDone();
  }

  #read(bytes: Buffer): void {
    if (this.#isOver) return;
    lend(bytes);
    try {
      this.#reader.read(bytes, (type, flags, stream, payload) => this.#take(type, flags, stream, payload));
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.#end(error.code, error.message);
    } finally {
      giveBack(bytes);
    }
  }

  /** @throws ConnectionError */
  #take(type: number, flags: number, stream: number, payload: Buffer): void {
    if (this.#isOver) return;
    if (!this.#isSettled && type !== FRAME.settings) {
      throw new ConnectionError(ERROR.protocol, 'the first frame is to be SETTINGS');
    }
    if (this.#frames.isWithinHeaders && type !== FRAME.continuation) {
      throw new ConnectionError(ERROR.protocol, 'a frame within headers');
    }
    requireStream(type, stream);
    try {
      this.#handle(type, flags, stream, payload);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#failed(error);
    }
  }

  #failed({ stream: id, code, message }: StreamError): void {
    this.#outbox.send(resetFrame(id, code));
    const stream = this.#streams.find(id);
    if (stream) this.#close(stream);
    else this.#streams.endEarly(id);
    // To have its streams reset is no better than to reset them (CVE-2025-8671); one too many does no work.
    if (code !== ERROR.refusedStream) this.#nuisance.count(`errors: ${message}`);
  }

  /** @throws ConnectionError, StreamError */
  #handle(type: number, flags: number, stream: number, payload: Buffer): void {
    switch (type) {
      case FRAME.data:
        return this.#frames.data(flags, stream, payload);
      case FRAME.headers:
        return this.#frames.headers(flags, stream, payload);
      case FRAME.continuation:
        return this.#frames.continuation(flags, stream, payload);
      case FRAME.priority:
        return requirePriority(stream, payload);
      case FRAME.reset:
        return this.#frames.reset(stream, payload);
      case FRAME.settings:
        return this.#settings(flags, payload);
      case FRAME.ping:
        return this.#ping(flags, payload);
      case FRAME.windowUpdate:
        return this.#frames.windowUpdate(stream, payload);
      case FRAME.goAway:
        // It takes no streams of ours: there are none.
        return undefined;
      case FRAME.pushPromise:
        throw new ConnectionError(ERROR.protocol, 'a client does not push');
      default:
        // Of a kind that we do not know: RFC 9113, section 5.5.
        return undefined;
    }
  }

  #settings(flags: number, payload: Buffer): void {
    if (flags & FLAG.ack) {
      if (payload.length > 0) throw new ConnectionError(ERROR.frameSize, 'an acknowledgement that says more');
      return;
    }
    if (this.#isSettled) this.#nuisance.count('settings');
    this.#isSettled = true;
    const settings = readSettings(payload);
    this.#outbox.send(frame(FRAME.settings, FLAG.ack, 0));
    this.#sender.settle(settings, this.#streams.all());
  }

  #ping(flags: number, payload: Buffer): void {
    if (payload.length !== PING_BYTES) throw new ConnectionError(ERROR.frameSize, 'a ping');
    if (flags & FLAG.ack) this.#pings.answered();
    else this.#pings.answer(payload);
  }

  #endWhenDone(): void {
    if (this.#leaving === 'for good' && this.#streams.size === 0 && !this.#isOver) this.#outbox.end();
  }

  #end(code: ErrorCode, why = ''): void {
    if (this.#isOver) return;
    this.#outbox.send(goAway(this.#streams.last, code, why));
    this.#outbox.end();
    this.#over();
    // Not before it has been told why; and not as long as it likes.
    setTimeout(() => this.socket.destroy(), LAST_WORDS_MS).unref();
    this.socket.resume();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const stream of this.#streams.all()) {
      this.#sender.forget(stream);
      stream.close();
    }
    this.#streams.clear();
  }
}
