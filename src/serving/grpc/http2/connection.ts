import type { Socket } from 'node:net';
import {
  ConnectionError,
  DEFAULT_WINDOW,
  ERROR,
  type ErrorCode,
  FLAG,
  FRAME,
  FRAME_BYTES,
  frame,
  goAway,
  resetFrame,
  StreamError,
  windowUpdate,
} from './frames.ts';
import { FrameReader } from './frame-reader.ts';
import { type HeaderBlock, HeaderBlocks, MOST_HEADER_BYTES, requireStream } from './header-blocks.ts';
import { NO_TABLE } from './hpack/encoder.ts';
import { Nuisance } from './nuisance.ts';
import { Outbox } from './outbox.ts';
import { unpadded } from './padding.ts';
import { ReceiveWindow } from './receive-window.ts';
import { SendWindow } from './send-window.ts';
import { readSettings, writeSettings } from './settings.ts';
import { ServerStream, type StreamConnection } from './stream.ts';

/** Bytes that may be under way to one stream, and to one connection, before they are read. */
const STREAM_WINDOW = 2 ** 20;
const CONNECTION_WINDOW = 2 ** 22;
const MOST_STREAMS = 256;
/** Streams that ended before their peer knew: what still comes for them is let go by. */
const MOST_ENDED_EARLY = 1000;
const PRIORITY_BYTES = 5;
const PING_BYTES = 8;
const TOO_LARGE = 431;

export interface ConnectionHandlers {
  /** A request whose headers have come. */
  stream(stream: ServerStream): void;
  /** Headers alone, for a request whose own are too large. */
  tooLarge(status: number): Buffer;
}

/**
 * The server's side of one HTTP/2 connection (RFC 9113), over plain TCP or TLS. What the peer does wrong ends its stream
 * or its connection, by the codes of the RFC; nothing that it does is an error here.
 */
export class ServerConnection implements StreamConnection {
  readonly socket: Socket;
  readonly #handlers: ConnectionHandlers;
  readonly #reader = new FrameReader();
  readonly #outbox: Outbox;
  readonly #blocks = new HeaderBlocks();
  readonly #nuisance = new Nuisance();
  readonly #streams = new Map<number, ServerStream>();
  readonly #blocked = new Set<ServerStream>();
  readonly #endedEarly = new Set<number>();
  readonly #sending = new SendWindow(DEFAULT_WINDOW);
  readonly #receiving = new ReceiveWindow(CONNECTION_WINDOW);
  #streamWindow = DEFAULT_WINDOW;
  #frameBytes = FRAME_BYTES;
  #lastStream = 0;
  #isSettled = false;
  #tellsNoTable = false;
  #leaving: 'no' | 'said' | 'for good' = 'no';
  #isOver = false;
  /** Of the last ping of ours. */
  #pinged: (() => void) | undefined;

  constructor(socket: Socket, handlers: ConnectionHandlers) {
    this.socket = socket;
    this.#handlers = handlers;
    this.#outbox = new Outbox(socket);
    const settings = {
      initialWindowSize: STREAM_WINDOW,
      maxConcurrentStreams: MOST_STREAMS,
      maxHeaderListSize: MOST_HEADER_BYTES,
    };
    this.#outbox.send(frame(FRAME.settings, 0, 0, writeSettings(settings)));
    this.#outbox.send(windowUpdate(0, CONNECTION_WINDOW - DEFAULT_WINDOW));
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
    this.#pinged = answered;
    this.#outbox.send(frame(FRAME.ping, 0, 0, Buffer.alloc(PING_BYTES)));
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
    this.#outbox.send(goAway(2 ** 31 - 1, ERROR.none));
    this.ping(() => {
      this.#leaving = 'for good';
      this.#outbox.send(goAway(this.#lastStream, ERROR.none));
      this.#endWhenDone();
    });
  }

  destroy(): void {
    this.socket.destroy();
    this.#over();
  }

  wasRead(stream: ServerStream, bytes: number): void {
    if (this.#isOver) return;
    const ofConnection = this.#receiving.read(bytes);
    if (ofConnection > 0) this.#outbox.send(windowUpdate(0, ofConnection));
    if (stream.ended || stream.closed) return;
    const ofStream = stream.receiving.read(bytes);
    if (ofStream > 0) this.#outbox.send(windowUpdate(stream.id, ofStream));
  }

  sendHeaders(stream: ServerStream, block: Buffer, endStream: boolean): void {
    this.#outbox.send(this.#headersFrame(stream.id, block, endStream));
    if (endStream) this.#answered(stream);
  }

  sendData(stream: ServerStream): void {
    const { unsent, trailers } = stream;
    while (unsent.length > 0) {
      const [first] = unsent;
      const { bytes, at } = first!;
      const left = bytes.length - at;
      const size = Math.min(left, this.#frameBytes, stream.sending.left, this.#sending.left);
      if (size <= 0 && left > 0) {
        this.#blocked.add(stream);
        return;
      }
      stream.sending.spend(size);
      this.#sending.spend(size);
      this.#outbox.send(frame(FRAME.data, 0, stream.id, bytes.subarray(at, at + size)));
      if (size === left) unsent.shift();
      else first!.at += size;
    }
    this.#blocked.delete(stream);
    if (!trailers) return;
    this.#outbox.send(this.#headersFrame(stream.id, trailers, true));
    this.#answered(stream);
  }

  reset(stream: ServerStream, code: ErrorCode): void {
    if (this.#isOver) return;
    this.#outbox.send(resetFrame(stream.id, code));
    this.#close(stream);
  }

  /** Blocks of ours fit into one frame: what callers may put into them is bounded. */
  #headersFrame(stream: number, block: Buffer, endStream: boolean): Buffer {
    const flags = FLAG.endHeaders | (endStream ? FLAG.endStream : 0);
    if (!this.#tellsNoTable) return frame(FRAME.headers, flags, stream, block);
    this.#tellsNoTable = false;
    return frame(FRAME.headers, flags, stream, NO_TABLE, block);
  }

  /** Its last frame is on the way. */
  #answered(stream: ServerStream): void {
    // Whatever is still coming is of no use to anybody (RFC 9113, section 8.1).
    if (!stream.ended) this.#outbox.send(resetFrame(stream.id, ERROR.none));
    this.#close(stream);
  }

  #close(stream: ServerStream): void {
    if (!stream.ended) this.#endEarly(stream.id);
    this.#remove(stream);
  }

  #remove(stream: ServerStream): void {
    this.#streams.delete(stream.id);
    this.#blocked.delete(stream);
    stream.close();
    this.#endWhenDone();
  }

  #endEarly(id: number): void {
    this.#endedEarly.add(id);
    if (this.#endedEarly.size <= MOST_ENDED_EARLY) return;
    const [oldest] = this.#endedEarly;
    this.#endedEarly.delete(oldest!);
  }

  #read(bytes: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#reader.read(bytes, (type, flags, stream, payload) => this.#take(type, flags, stream, payload));
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.#end(error.code, error.message);
    }
  }

  #take(type: number, flags: number, stream: number, payload: Buffer): void {
    if (this.#isOver) return;
    if (!this.#isSettled && type !== FRAME.settings) {
      throw new ConnectionError(ERROR.protocol, 'the first frame is to be SETTINGS');
    }
    if (this.#blocks.isOpen && type !== FRAME.continuation) {
      throw new ConnectionError(ERROR.protocol, 'a frame within headers');
    }
    requireStream(type, stream);
    try {
      this.#handle(type, flags, stream, payload);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#outbox.send(resetFrame(error.stream, error.code));
      const found = this.#streams.get(error.stream);
      if (found) this.#close(found);
      else this.#endEarly(error.stream);
    }
  }

  #handle(type: number, flags: number, stream: number, payload: Buffer): void {
    switch (type) {
      case FRAME.data:
        return this.#data(flags, stream, payload);
      case FRAME.headers:
        return this.#block(
          this.#blocks.headers(flags, stream, payload, this.#streams.has(stream)),
          payload,
          flags,
        );
      case FRAME.continuation:
        return this.#block(this.#blocks.continuation(flags, stream, payload, this.#streams.has(stream)));
      case FRAME.priority:
        return this.#priority(stream, payload);
      case FRAME.reset:
        return this.#resetByPeer(stream, payload);
      case FRAME.settings:
        return this.#settings(flags, payload);
      case FRAME.ping:
        return this.#ping(flags, payload);
      case FRAME.windowUpdate:
        return this.#widen(stream, payload);
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

  #data(flags: number, id: number, payload: Buffer): void {
    if (!this.#receiving.receive(payload.length)) {
      throw new ConnectionError(ERROR.flowControl, 'more than the window of the connection');
    }
    const bytes = unpadded(flags, payload);
    const stream = this.#streams.get(id);
    const isRead = stream !== undefined && !stream.ended;
    // What nobody will read is read now; so is what bytes were filled up with.
    const unread = isRead ? payload.length - bytes.length : payload.length;
    if (unread > 0) {
      const opened = this.#receiving.read(unread);
      if (opened > 0) this.#outbox.send(windowUpdate(0, opened));
    }
    if (!isRead) {
      this.#notOpen(id, stream);
      return;
    }
    if (!stream.receiving.receive(payload.length)) {
      throw new StreamError(id, ERROR.flowControl, 'more than the window of the stream');
    }
    stream.receiving.read(payload.length - bytes.length);
    const isLast = (flags & FLAG.endStream) !== 0;
    if (bytes.length === 0 && !isLast) this.#nuisance.count('empty frames');
    stream.received += bytes.length;
    requireLength(stream, isLast);
    if (bytes.length > 0) stream.take(bytes, isLast);
    if (isLast) stream.takeEnd();
  }

  #block(block: HeaderBlock | undefined, payload?: Buffer, flags = 0): void {
    if (payload && (flags & FLAG.priority) !== 0) this.#ownPriority(flags, payload, block);
    if (!block) return;
    const { stream: id, endStream, fields, isWhole } = block;
    const before = this.#streams.get(id);
    if (before) {
      if (before.ended) throw new StreamError(id, ERROR.streamClosed, 'headers after the end');
      if (!endStream) throw new StreamError(id, ERROR.protocol, 'headers in the middle');
      fields.check();
      requireLength(before, true);
      before.takeEnd();
      return;
    }
    if (id % 2 === 0)
      throw new ConnectionError(ERROR.protocol, 'a stream of the server, opened by the client');
    if (id <= this.#lastStream) {
      if (this.#endedEarly.has(id)) return;
      throw new ConnectionError(ERROR.streamClosed, 'a stream that is over');
    }
    this.#lastStream = id;
    if (this.#leaving === 'for good') return;
    if (this.#streams.size >= MOST_STREAMS) {
      throw new StreamError(id, ERROR.refusedStream, 'too many streams');
    }
    fields.check();
    const windows = { sending: this.#streamWindow, receiving: STREAM_WINDOW };
    const stream = new ServerStream(this, id, fields.headers, windows);
    this.#streams.set(id, stream);
    if (endStream) {
      requireLength(stream, true);
      stream.takeEnd();
    }
    if (isWhole) this.#handlers.stream(stream);
    else stream.refuse(this.#handlers.tooLarge(TOO_LARGE));
  }

  #ownPriority(flags: number, payload: Buffer, block: HeaderBlock | undefined): void {
    const at = flags & FLAG.padded ? 1 : 0;
    if (block) this.#priority(block.stream, payload.subarray(at, at + PRIORITY_BYTES));
  }

  /** Who comes first is ours to say; only that the frame is one is looked at. */
  #priority(id: number, payload: Buffer): void {
    if (payload.length !== PRIORITY_BYTES) throw new StreamError(id, ERROR.frameSize, 'a priority');
    if ((payload.readUInt32BE(0) & 0x7fffffff) === id) {
      throw new StreamError(id, ERROR.protocol, 'a stream that depends on itself');
    }
  }

  #resetByPeer(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(ERROR.frameSize, 'a reset');
    if (id > this.#lastStream)
      throw new ConnectionError(ERROR.protocol, 'a reset of a stream that never was');
    this.#nuisance.count('resets');
    const stream = this.#streams.get(id);
    if (stream) this.#remove(stream);
  }

  #settings(flags: number, payload: Buffer): void {
    if (flags & FLAG.ack) {
      if (payload.length > 0) throw new ConnectionError(ERROR.frameSize, 'an acknowledgement that says more');
      return;
    }
    if (this.#isSettled) this.#nuisance.count('settings');
    this.#isSettled = true;
    const { initialWindowSize, maxFrameSize, headerTableSize } = readSettings(payload);
    if (maxFrameSize !== undefined) this.#frameBytes = Math.min(maxFrameSize, 2 ** 18);
    // Its table is none of ours, yet it must hear so (RFC 7541, section 4.2).
    if (headerTableSize !== undefined) this.#tellsNoTable = true;
    this.#outbox.send(frame(FRAME.settings, FLAG.ack, 0));
    if (initialWindowSize === undefined) return;
    const wider = initialWindowSize - this.#streamWindow;
    this.#streamWindow = initialWindowSize;
    for (const stream of this.#streams.values()) {
      if (!stream.sending.widen(wider))
        throw new ConnectionError(ERROR.flowControl, 'a window beyond all windows');
    }
    this.#sendBlocked();
  }

  #ping(flags: number, payload: Buffer): void {
    if (payload.length !== PING_BYTES) throw new ConnectionError(ERROR.frameSize, 'a ping');
    if ((flags & FLAG.ack) === 0) {
      this.#outbox.send(frame(FRAME.ping, FLAG.ack, 0, payload));
      return;
    }
    const answered = this.#pinged;
    this.#pinged = undefined;
    answered?.();
  }

  #widen(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(ERROR.frameSize, 'an update of a window');
    const bytes = payload.readUInt32BE(0) & 0x7fffffff;
    if (id === 0) {
      if (bytes === 0) throw new ConnectionError(ERROR.protocol, 'a window that grows by nothing');
      if (!this.#sending.widen(bytes))
        throw new ConnectionError(ERROR.flowControl, 'a window beyond all windows');
      this.#sendBlocked();
      return;
    }
    if (id > this.#lastStream)
      throw new ConnectionError(ERROR.protocol, 'a window of a stream that never was');
    const stream = this.#streams.get(id);
    if (!stream) return;
    if (bytes === 0) throw new StreamError(id, ERROR.protocol, 'a window that grows by nothing');
    if (!stream.sending.widen(bytes))
      throw new StreamError(id, ERROR.flowControl, 'a window beyond all windows');
    if (this.#blocked.has(stream)) this.sendData(stream);
  }

  #sendBlocked(): void {
    for (const stream of [...this.#blocked]) {
      if (this.#sending.left <= 0) return;
      // To the end of the line: one that has much to send lets the others by.
      this.#blocked.delete(stream);
      this.sendData(stream);
    }
  }

  #notOpen(id: number, stream: ServerStream | undefined): void {
    if (stream) throw new StreamError(id, ERROR.streamClosed, 'more after the end');
    if (this.#endedEarly.has(id)) return;
    if (id > this.#lastStream) throw new ConnectionError(ERROR.protocol, 'data of a stream that never was');
    if (this.#leaving === 'for good') return;
    throw new ConnectionError(ERROR.streamClosed, 'data of a stream that is over');
  }

  #endWhenDone(): void {
    if (this.#leaving === 'for good' && this.#streams.size === 0 && !this.#isOver) {
      this.#outbox.end();
    }
  }

  #end(code: ErrorCode, why = ''): void {
    if (this.#isOver) return;
    this.#outbox.send(goAway(this.#lastStream, code, why));
    this.#outbox.end();
    this.#over();
    // Not before it has been told why; and not as long as it likes.
    setTimeout(() => this.socket.destroy(), 1000).unref();
    this.socket.resume();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const stream of [...this.#streams.values()]) stream.close();
    this.#streams.clear();
    this.#blocked.clear();
  }
}

/** @throws StreamError where the body is not as long as was said */
function requireLength({ id, headers, received }: ServerStream, isLast: boolean): void {
  const said = headers['content-length'];
  if (said === undefined) return;
  const length = Number(said);
  if (received > length || (isLast && received !== length)) {
    throw new StreamError(id, ERROR.protocol, 'a body of another length');
  }
}
