import { ConnectionError, ERROR, FLAG, StreamError } from './frames.ts';
import { type HeaderBlock, HeaderBlocks } from './header-blocks.ts';
import type { Nuisance } from './nuisance.ts';
import { unpadded } from './padding.ts';
import { type Receiver, STREAM_WINDOW } from './receiver.ts';
import type { Sender } from './sender.ts';
import { ServerStream, type StreamConnection } from './stream.ts';
import type { StreamTable } from './stream-table.ts';

const TOO_LARGE = 431;

export interface ConnectionHandlers {
  /** A request whose headers have come. */
  stream(stream: ServerStream): void;
  /** Headers alone, for a request whose own are too large. */
  tooLarge(status: number): Buffer;
}

export interface StreamFramesParts {
  connection: StreamConnection;
  handlers: ConnectionHandlers;
  streams: StreamTable;
  sender: Sender;
  receiver: Receiver;
  nuisance: Nuisance;
  /** Whether the peer has heard that no more streams are taken. */
  isClosed(): boolean;
  /** The peer has reset it. */
  gone(stream: ServerStream): void;
}

/** What frames do to the streams that they name: open them, fill them, end them. */
export class StreamFrames {
  readonly #parts: StreamFramesParts;
  readonly #blocks = new HeaderBlocks();

  constructor(parts: StreamFramesParts) {
    this.#parts = parts;
  }

  /** Whether headers wait for their end: nothing else may come in between. */
  get isWithinHeaders(): boolean {
    return this.#blocks.isOpen;
  }

  headers(flags: number, id: number, payload: Buffer): void {
    this.#take(this.#blocks.headers(flags, id, payload, this.#isOpen(id)));
  }

  continuation(flags: number, id: number, payload: Buffer): void {
    this.#take(this.#blocks.continuation(flags, id, payload, this.#isOpen(id)));
  }

  /** @throws ConnectionError, StreamError */
  data(flags: number, id: number, payload: Buffer): void {
    const { receiver, streams, nuisance } = this.#parts;
    receiver.receive(payload.length);
    const bytes = unpadded(flags, payload);
    const stream = streams.find(id);
    if (!stream || stream.ended) {
      receiver.letBy(payload.length);
      this.#dataOfNone(id, stream);
      return;
    }
    const isLast = (flags & FLAG.endStream) !== 0;
    const problem = stream.problemWith(payload.length, bytes.length, isLast);
    if (problem) {
      receiver.letBy(payload.length);
      throw problem;
    }
    const padding = payload.length - bytes.length;
    if (padding > 0) receiver.wasRead(stream, padding);
    if (bytes.length === 0 && !isLast) nuisance.count('empty frames');
    if (bytes.length > 0) stream.take(bytes, isLast);
    if (isLast) stream.takeEnd();
  }

  /** @throws ConnectionError */
  reset(id: number, payload: Buffer): void {
    const { streams, nuisance, gone } = this.#parts;
    if (payload.length !== 4) throw new ConnectionError(ERROR.frameSize, 'a reset');
    streams.requireBegun(id, 'a reset');
    const stream = streams.find(id);
    if (!stream) return;
    nuisance.count('resets');
    gone(stream);
  }

  /** @throws ConnectionError, StreamError */
  windowUpdate(id: number, payload: Buffer): void {
    const { streams, sender } = this.#parts;
    if (payload.length !== 4) throw new ConnectionError(ERROR.frameSize, 'an update of a window');
    const bytes = payload.readUInt32BE(0) & 0x7fffffff;
    if (id === 0) {
      if (bytes === 0) throw new ConnectionError(ERROR.protocol, 'a window that grows by nothing');
      sender.widen(bytes);
      return;
    }
    streams.requireBegun(id, 'a window');
    const stream = streams.find(id);
    if (!stream) return;
    if (bytes === 0) throw new StreamError(id, ERROR.protocol, 'a window that grows by nothing');
    sender.widenStream(stream, bytes);
  }

  #isOpen(id: number): boolean {
    return this.#parts.streams.find(id) !== undefined;
  }

  #dataOfNone(id: number, ended: ServerStream | undefined): void {
    const { streams, isClosed } = this.#parts;
    if (ended) throw new StreamError(id, ERROR.streamClosed, 'more after the end');
    if (isClosed()) streams.requireBegun(id, 'data');
    else streams.requireEndedEarly(id);
  }

  #take(block: HeaderBlock | undefined): void {
    if (!block) return;
    const before = this.#parts.streams.find(block.stream);
    if (before) trailers(before, block);
    else this.#open(block);
  }

  #open({ stream: id, endStream, fields, isWhole }: HeaderBlock): void {
    const { connection, handlers, streams, sender, isClosed } = this.#parts;
    if (!streams.begins(id) || isClosed()) return;
    streams.requireRoom(id);
    fields.check();
    const windows = { sending: sender.streamWindow, receiving: STREAM_WINDOW };
    const stream = new ServerStream(connection, id, fields.headers, windows);
    streams.add(stream);
    if (endStream) end(stream);
    if (isWhole) handlers.stream(stream);
    else stream.refuse(handlers.tooLarge(TOO_LARGE));
  }
}

function trailers(stream: ServerStream, { endStream, fields }: HeaderBlock): void {
  if (stream.ended) throw new StreamError(stream.id, ERROR.streamClosed, 'headers after the end');
  if (!endStream) throw new StreamError(stream.id, ERROR.protocol, 'headers in the middle');
  fields.check();
  end(stream);
}

/** By headers, which hold none of its body. */
function end(stream: ServerStream): void {
  const problem = stream.problemWith(0, 0, true);
  if (problem) throw problem;
  stream.takeEnd();
}
