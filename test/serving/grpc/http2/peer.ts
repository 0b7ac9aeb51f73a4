import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { FLAG, FRAME, frame } from '../../../../src/serving/grpc/http2/frames.ts';
import { encodeFields } from '../../../../src/serving/grpc/http2/hpack/encoder.ts';

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const WINDOW = 65_535;

export interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** SETTINGS of one value: 4 is the initial window. */
export const settings = (id: number, value: number): Buffer =>
  frame(FRAME.settings, 0, 0, Buffer.of(0, id), uint32(value));

export const headers = (stream: number, more: Record<string, string> = {}, flags = 0): Buffer =>
  frame(
    FRAME.headers,
    FLAG.endHeaders | flags,
    stream,
    encodeFields({
      ...{ ':method': 'POST', ':scheme': 'http', ':path': '/' },
      ...{ 'content-type': 'application/grpc', te: 'trailers', ...more },
    }),
  );

/** The one message of a call. */
export const message = (stream: number, body: Uint8Array = new Uint8Array()): Buffer =>
  frame(FRAME.data, FLAG.endStream, stream, Buffer.of(0), uint32(body.length), body);

export const call = (stream: number, path: string, more: Record<string, string> = {}): Buffer =>
  Buffer.concat([headers(stream, { ':path': path, ...more }), message(stream)]);

/** Speaks HTTP/2 as badly as it is told to. */
export class Peer {
  readonly socket: Socket;
  readonly #heard: Frame[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #news = Promise.withResolvers<void>();
  #isGone = false;
  /** What the server still takes of DATA, by stream; 0 is the connection. */
  readonly #windows = new Map([[0, WINDOW]]);
  #streamWindow = WINDOW;

  constructor(socket: Socket) {
    this.socket = socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isGone = true;
      this.#news.resolve();
    });
  }

  static async connect(port: number, first: Buffer = frame(FRAME.settings, 0, 0)): Promise<Peer> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const peer = new Peer(socket);
    peer.send(PREFACE, first);
    await peer.next(({ type, flags }) => type === FRAME.settings && flags === FLAG.ack);
    return peer;
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** The first that is like this and was not asked for before; undefined where the server leaves first. */
  async next(like: (frame: Frame) => boolean): Promise<Frame | undefined> {
    for (let at = 0; ;) {
      for (; at < this.#heard.length; at++) {
        if (like(this.#heard[at]!)) return this.#heard.splice(at, 1)[0];
      }
      if (this.#isGone) return undefined;
      await this.#news.promise;
      at = 0;
    }
  }

  nextOf(type: number, stream?: number): Promise<Frame | undefined> {
    return this.next((found) => found.type === type && (stream === undefined || found.stream === stream));
  }

  /** The code with which the server ends the connection. */
  async left(): Promise<number | undefined> {
    const last = await this.nextOf(FRAME.goAway);
    return last?.payload.readUInt32BE(4);
  }

  /** Once the server has read all that was sent. */
  async heard(): Promise<void> {
    this.send(frame(FRAME.ping, 0, 0, Buffer.alloc(8, 7)));
    await this.next(({ type, flags }) => type === FRAME.ping && flags === FLAG.ack);
  }

  /** DATA of so many bytes, padded, as the server's windows take them. */
  async sendData(stream: number, total: number, each: number, padding: number): Promise<void> {
    if (!this.#windows.has(stream)) this.#windows.set(stream, this.#streamWindow);
    for (let left = total; left > 0; left -= each) {
      const size = each + padding + 1;
      while (this.#windows.get(0)! < size || this.#windows.get(stream)! < size) {
        if (this.#isGone) throw new Error('The server has left.');
        await this.#news.promise;
      }
      for (const id of [0, stream]) this.#windows.set(id, this.#windows.get(id)! - size);
      this.send(frame(FRAME.data, FLAG.padded, stream, Buffer.of(padding), Buffer.alloc(each + padding)));
    }
    this.send(frame(FRAME.data, FLAG.endStream, stream));
  }

  close(): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) break;
      this.#take({
        type: this.#rest[3]!,
        flags: this.#rest[4]!,
        stream: this.#rest.readUInt32BE(5),
        payload: this.#rest.subarray(9, end),
      });
      this.#rest = this.#rest.subarray(end);
    }
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  #take(found: Frame): void {
    const { type, flags, stream, payload } = found;
    if (type === FRAME.windowUpdate) {
      const before = this.#windows.get(stream) ?? this.#streamWindow;
      this.#windows.set(stream, before + payload.readUInt32BE(0));
    }
    if (type === FRAME.settings && flags !== FLAG.ack) {
      for (let at = 0; at < payload.length; at += 6) {
        if (payload.readUInt16BE(at) === 4) this.#streamWindow = payload.readUInt32BE(at + 2);
      }
    }
    this.#heard.push(found);
  }
}
