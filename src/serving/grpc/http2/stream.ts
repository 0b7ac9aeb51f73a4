import type { Socket } from 'node:net';
import { giveBack } from '../../lent-memory.ts';
import { ERROR, type ErrorCode, StreamError } from './frames.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { ReceiveWindow } from './receive-window.ts';
import type { RequestHeaders } from './request-headers.ts';
import { SendWindow } from './send-window.ts';

/** Who hears what the peer sends. */
export interface StreamReader {
  /** `isLast`: nothing follows; the bytes may then be kept, and else are good until this returns. */
  data(bytes: Buffer, isLast: boolean): void;
  end(): void;
}

/** What a stream asks of its connection. */
export interface StreamConnection {
  readonly socket: Socket;
  /** The reader has taken so much. */
  wasRead(stream: ServerStream, bytes: number): void;
  sendHeaders(stream: ServerStream, block: Buffer, endStream: boolean): void;
  sendData(stream: ServerStream): void;
  reset(stream: ServerStream, code: ErrorCode): void;
}

interface Unsent {
  bytes: Buffer;
  at: number;
}

/** One request and its answer, as the server has them. */
export class ServerStream {
  readonly id: number;
  readonly headers: RequestHeaders;
  readonly sending: SendWindow;
  readonly receiving: ReceiveWindow;
  /** DATA that the peer's windows do not take yet, and the trailers after it. */
  readonly unsent: Unsent[] = [];
  trailers: Buffer | undefined;
  readonly #connection: StreamConnection;
  /** Of DATA that came, for what `content-length` promises. */
  #received = 0;
  readonly #waiting = new GrowingBytes();
  #reader: StreamReader | undefined;
  #ended = false;
  #answered = false;
  #began = false;
  #closed = false;
  #whenClosed: (() => void)[] = [];
  /** Of what is unsent, when last looked at. */
  #first: Unsent | undefined;
  #firstAt: number | undefined;

  constructor(
    connection: StreamConnection,
    id: number,
    headers: RequestHeaders,
    windows: { sending: number; receiving: number },
  ) {
    this.#connection = connection;
    this.id = id;
    this.headers = headers;
    this.sending = new SendWindow(windows.sending);
    this.receiving = new ReceiveWindow(windows.receiving);
  }

  get socket(): Socket {
    return this.#connection.socket;
  }

  /** The peer has sent all of it. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Its answer has begun. */
  get began(): boolean {
    return this.#began;
  }

  /** The last of its answer was handed over. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Nothing can be sent any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Called once it is over, in whatever way; at once where it is. */
  whenClosed(callback: () => void): void {
    if (this.#closed) callback();
    else this.#whenClosed.push(callback);
  }

  /** From now on all is taken as it comes. Until then the peer may send no more than one window of it. */
  read(reader: StreamReader): void {
    this.#reader = reader;
    if (this.#waiting.length > 0) {
      const waited = this.#waiting.taken();
      this.#hand(waited, this.#ended);
      giveBack(waited);
    }
    if (this.#ended) reader.end();
  }

  /** Headers and no more. */
  refuse(block: Buffer): void {
    if (!this.#begin()) return;
    this.#answered = true;
    this.#connection.sendHeaders(this, block, true);
  }

  /** Headers of an answer that `write` and `end` go on with. */
  respond(block: Buffer): void {
    if (this.#begin()) this.#connection.sendHeaders(this, block, false);
  }

  /** Some bytes, not none. */
  write(bytes: Buffer): void {
    if (this.#closed || this.#answered) return;
    this.unsent.push({ bytes, at: 0 });
    this.#connection.sendData(this);
  }

  end(trailers: Buffer): void {
    if (this.#closed || this.#answered) return;
    this.#answered = true;
    this.trailers = trailers;
    this.#connection.sendData(this);
  }

  reset(code: ErrorCode): void {
    if (!this.#closed) this.#connection.reset(this, code);
  }

  /** For the connection: what is wrong with DATA that came, if it is. */
  problemWith(framed: number, length: number, isLast: boolean): StreamError | undefined {
    if (!this.receiving.receive(framed)) {
      return new StreamError(this.id, ERROR.flowControl, 'more than the window of the stream');
    }
    this.#received += length;
    const said = this.headers['content-length'];
    if (said === undefined) return undefined;
    const left = Number(said) - this.#received;
    if (left === 0 || (left > 0 && !isLast)) return undefined;
    return new StreamError(this.id, ERROR.protocol, 'a body of another length');
  }

  /** For the connection: so much came. */
  take(bytes: Buffer, isLast: boolean): void {
    if (this.#reader) this.#hand(bytes, isLast);
    else this.#waiting.add(bytes, isLast);
  }

  /** For the connection: no more comes. */
  takeEnd(): void {
    this.#ended = true;
    this.#reader?.end();
  }

  /** For the connection: it is over. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Nobody reads it any more, and the connection has room for it only once.
    if (this.#waiting.length > 0) {
      const unread = this.#waiting.taken();
      this.#connection.wasRead(this, unread.length);
      giveBack(unread);
    }
    this.unsent.length = 0;
    for (const callback of this.#whenClosed.splice(0)) callback();
  }

  /** For the connection: whether all that is unsent was so when this was last asked. */
  stands(): boolean {
    const [first] = this.unsent;
    const stands = first !== undefined && first === this.#first && first.at === this.#firstAt;
    this.#first = first;
    this.#firstAt = first?.at;
    return stands;
  }

  #hand(bytes: Buffer, isLast: boolean): void {
    this.#reader!.data(bytes, isLast);
    this.#connection.wasRead(this, bytes.length);
  }

  #begin(): boolean {
    if (this.#closed || this.#began) return false;
    this.#began = true;
    return true;
  }
}
