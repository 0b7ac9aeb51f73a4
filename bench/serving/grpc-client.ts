import { connect, type Socket } from 'node:net';
import type { Answer } from './http-client.ts';

/**
 * One HTTP/2 connection that makes one gRPC call at a time, written for load as the HTTP client is: frames are made
 * before, and of an answer only its end is understood (RFC 9113). Node's own HTTP/2 takes several times as much of the
 * processors as the HTTP/1.1 client beside it, and the figure would be of clients.
 */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 };
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const HEAD_BYTES = 9;
const FRAME_BYTES = 16_384;
const DEFAULT_WINDOW = 65_535;
const MOST_WINDOW = 2 ** 31 - 1;
const INITIAL_WINDOW_SIZE = 4;

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export class GrpcClient {
  readonly #socket: Socket;
  readonly #headers: Buffer;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting | undefined;
  #broken: Error | undefined;
  #stream = -1;
  #data: Buffer[] = [];
  /** Bytes that the server still takes, on the connection; each call's own window is what SETTINGS said. */
  #window = DEFAULT_WINDOW;
  #streamWindow = DEFAULT_WINDOW;
  #unsent: Buffer = Buffer.alloc(0);
  #call: Buffer = Buffer.alloc(0);
  #streamLeft = 0;

  private constructor(socket: Socket, method: string) {
    this.#socket = socket;
    this.#headers = headerBlock(method);
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', (error) => this.#break(error));
    socket.on('close', () => this.#break(new Error('the server closed the connection')));
    const windows = Buffer.alloc(6);
    windows.writeUInt16BE(INITIAL_WINDOW_SIZE, 0);
    windows.writeUInt32BE(MOST_WINDOW, 2);
    const more = Buffer.alloc(4);
    more.writeUInt32BE(MOST_WINDOW - DEFAULT_WINDOW, 0);
    const opening = [PREFACE, frame(FRAME.settings, 0, 0, windows), frame(FRAME.windowUpdate, 0, 0, more)];
    socket.write(Buffer.concat(opening));
  }

  static async open(port: number, method: string): Promise<GrpcClient> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new GrpcClient(socket, method);
  }

  get broken(): boolean {
    return this.#broken !== undefined;
  }

  /** A message as it lies on the wire after gRPC's own prefix. */
  send(message: Uint8Array): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#broken) {
        reject(this.#broken);
        return;
      }
      this.#waiting = { resolve, reject };
      this.#stream += 2;
      this.#data = [];
      this.#streamLeft = this.#streamWindow;
      if (message.length <= Math.min(FRAME_BYTES, this.#window, this.#streamLeft)) this.#sendWhole(message);
      else this.#sendInParts(message);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Both frames in one piece that is written to again and again: the one before it has been answered. */
  #sendWhole(message: Uint8Array): void {
    const from = HEAD_BYTES + this.#headers.length;
    const length = from + HEAD_BYTES + message.length;
    if (this.#call.length < length) this.#call = Buffer.alloc(length);
    const call = this.#call;
    call.set(frameHead(this.#headers.length, FRAME.headers, END_HEADERS, this.#stream));
    call.set(this.#headers, HEAD_BYTES);
    call.set(frameHead(message.length, FRAME.data, END_STREAM, this.#stream), from);
    call.set(message, from + HEAD_BYTES);
    this.#window -= message.length;
    this.#socket.write(call.subarray(0, length));
  }

  #sendInParts(message: Uint8Array): void {
    this.#unsent = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    this.#socket.cork();
    this.#socket.write(frame(FRAME.headers, END_HEADERS, this.#stream, this.#headers));
    this.#push();
    this.#socket.uncork();
  }

  #push(): void {
    while (this.#unsent.length > 0) {
      const size = Math.min(this.#unsent.length, FRAME_BYTES, this.#window, this.#streamLeft);
      if (size <= 0) return;
      const part = this.#unsent.subarray(0, size);
      this.#unsent = this.#unsent.subarray(size);
      this.#window -= size;
      this.#streamLeft -= size;
      const flags = this.#unsent.length === 0 ? END_STREAM : 0;
      this.#socket.write(frameHead(part.length, FRAME.data, flags, this.#stream));
      this.#socket.write(part);
    }
  }

  #take(bytes: Buffer): void {
    let all = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    while (all.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + all.readUIntBE(0, 3);
      if (all.length < end) break;
      this.#handle(all[3]!, all[4]!, all.readUInt32BE(5), all.subarray(HEAD_BYTES, end));
      all = all.subarray(end);
    }
    this.#received = all;
  }

  #handle(type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === FRAME.settings && (flags & ACK) === 0) this.#settle(payload);
    else if (type === FRAME.ping && (flags & ACK) === 0) {
      this.#socket.write(frame(FRAME.ping, ACK, 0, payload));
    } else if (type === FRAME.windowUpdate) this.#widen(stream, payload.readUInt32BE(0));
    else if (type === FRAME.goAway) this.#break(new Error('the server says it goes away'));
    else if (stream !== this.#stream) return;
    else if (type === FRAME.reset) this.#settleCall(0);
    else if (type === FRAME.data) this.#data.push(Buffer.from(payload));
    // An error has no message before its trailers.
    if ((type === FRAME.headers || type === FRAME.data) && (flags & END_STREAM) !== 0) {
      this.#settleCall(this.#data.length > 0 ? 200 : 500);
    }
  }

  #settle(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== INITIAL_WINDOW_SIZE) continue;
      const bytes = payload.readUInt32BE(at + 2);
      // Counts for the call under way too (RFC 9113, 6.9.2).
      this.#streamLeft += bytes - this.#streamWindow;
      this.#streamWindow = bytes;
    }
    this.#socket.write(frame(FRAME.settings, ACK, 0, Buffer.alloc(0)));
    this.#push();
  }

  #widen(stream: number, bytes: number): void {
    if (stream === 0) this.#window += bytes;
    else if (stream === this.#stream) this.#streamLeft += bytes;
    this.#push();
  }

  #settleCall(status: number): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    const body = Buffer.concat(this.#data);
    waiting?.resolve({ status, body, length: body.length });
  }

  #break(error: Error): void {
    this.#broken ??= error;
    this.#waiting?.reject(this.#broken);
    this.#waiting = undefined;
    this.#socket.destroy();
  }
}

function frameHead(length: number, type: number, flags: number, stream: number): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return head;
}

const frame = (type: number, flags: number, stream: number, payload: Buffer) =>
  Buffer.concat([frameHead(payload.length, type, flags, stream), payload]);

/** Literals without indexing (RFC 7541, 6.2.2): no table to keep. */
function headerBlock(method: string): Buffer {
  const headers = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': method,
    ':authority': '127.0.0.1',
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]),
  );
}

/** A message with gRPC's prefix: not compressed, and its length. */
export function grpcMessage(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
