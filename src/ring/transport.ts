import type { Socket } from 'node:net';
import { RingBrokenError } from '../errors.ts';
import { reasonOf } from './connection-error.ts';
import {
  encodeHeader,
  FRAME_HEADER_BYTES,
  FrameDecoder,
  MAX_PAYLOAD_BYTES,
  MAX_STRANGER_BYTES,
  type Frame,
  type FrameType,
} from './frames.ts';
import { Inbox } from './inbox.ts';
import { DEFAULT_TIMING, Vigil, type LinkTiming } from './vigil.ts';

export { DEFAULT_TIMING, type LinkTiming } from './vigil.ts';

export interface Traffic {
  bytesSent: number;
  bytesReceived: number;
  /** What this process spent on packing, checking and copying frames. */
  transferMs: number;
}

/**
 * One connection to a neighbour, as frames in order. What breaks it (a closed socket, silence, a malformed frame, a
 * frame of another epoch, one that is missing) breaks it for good: every pending and later call throws
 * `RingBrokenError`. Back-pressure goes both ways: a send resolves when its bytes have left this process, and nothing
 * is read ahead of what the program asks for beyond the inbox's bounds.
 */
export class Link {
  /** Who is at the other end, for messages. */
  name: string;
  readonly traffic: Traffic = { bytesSent: 0, bytesReceived: 0, transferMs: 0 };
  readonly #socket: Socket;
  readonly #epoch: number;
  readonly #decoder: FrameDecoder;
  readonly #inbox = new Inbox(() => this.#resume());
  readonly #vigil: Vigil;
  #sequence = 0;
  #broken: RingBrokenError | undefined;
  #ended = false;

  constructor(socket: Socket, name: string, epoch: number, timing: LinkTiming = DEFAULT_TIMING) {
    this.name = name;
    this.#socket = socket;
    this.#epoch = epoch;
    this.#decoder = new FrameDecoder({ maxPayload: MAX_STRANGER_BYTES, epoch });
    this.#vigil = new Vigil(timing, {
      beat: () => this.#beat(),
      lost: (what) => this.#fail(what),
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', (error) => this.#break(`the connection failed (${reasonOf(error)})`));
    socket.on('close', () => this.#onClose());
  }

  /** From here on the neighbour has proved who it is, and may send whole blocks. */
  trust(name: string): void {
    this.name = name;
    this.#decoder.maxPayload = MAX_PAYLOAD_BYTES;
  }

  /** Where the payloads of large frames go. */
  receiveInto(allocate: (bytes: number) => ArrayBuffer): void {
    this.#decoder.allocate = allocate;
  }

  /**
   * Resolves when the bytes have left this process: a slow neighbour slows its sender, and from then on, not before,
   * the memory may be written to again. Nothing is copied on the way to the socket.
   */
  send(type: FrameType, tag: number, ...payload: ArrayBufferView[]): Promise<void> {
    const sent = this.#write(type, tag, payload);
    // A send is often awaited only after a long computation; its failure must not count as unhandled until then.
    sent.catch(() => undefined);
    return sent;
  }

  /**
   * The next frame, which must be of this type and tag: both sides run the same program. May be called ahead, several
   * times: frames go to the calls in their order.
   */
  receive(type: FrameType, tag?: number): Promise<Frame> {
    const due = this.receiveAny().then((frame) => {
      if (frame.type === type && (tag === undefined || frame.tag === tag)) return frame;
      throw this.#fail(`it sent ${frame.type} ${frame.tag} where ${type} ${tag ?? ''} was due`);
    });
    due.catch(() => undefined);
    return due;
  }

  receiveAny(): Promise<Frame> {
    return this.#inbox.next();
  }

  /** Throws when the neighbour is known to be lost, so that a long computation need not go on. */
  check(): void {
    if (this.#broken && !this.#ended) throw this.#broken;
  }

  /** Says goodbye, so that the neighbour does not take the end for a failure, and closes. */
  async close(): Promise<void> {
    if (!this.#broken) {
      await this.send('goodbye', 0).catch(() => undefined);
      this.#ended = true;
    }
    this.destroy();
  }

  /** Closes at once; the neighbour sees a broken ring. */
  destroy(): void {
    this.#vigil.end();
    if (this.#ended) this.#socket.end();
    else this.#socket.destroy();
    this.#break('the link was closed on this side');
    // What a neighbour still sends to an end that has said goodbye is let through unread, so that its close arrives.
    if (this.#ended) this.#socket.resume();
  }

  #write(type: FrameType, tag: number, payload: ArrayBufferView[]): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken);
    const began = performance.now();
    const parts = payload.map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    const head = { type, epoch: this.#epoch, sequence: this.#sequence, tag };
    this.#sequence = (this.#sequence + 1) >>> 0;
    const pieces = [encodeHeader(head, parts), ...parts.filter(({ byteLength }) => byteLength > 0)];
    const sent = new Promise<void>((resolve, reject) => {
      this.#socket.cork();
      pieces.forEach((piece, i) => {
        if (i < pieces.length - 1) this.#socket.write(piece);
        else
          this.#socket.write(piece, (error) => {
            if (error) reject(this.#break(`the connection failed (${reasonOf(error)})`));
            else resolve();
          });
      });
      this.#socket.uncork();
    });
    this.traffic.bytesSent += parts.reduce((sum, { byteLength }) => sum + byteLength, FRAME_HEADER_BYTES);
    this.traffic.transferMs += performance.now() - began;
    return sent;
  }

  #onData(chunk: Buffer): void {
    // Bytes that come after the end of this side belong to nobody.
    if (this.#broken) return;
    const began = performance.now();
    let used = 0;
    let whole = false;
    try {
      while (used < chunk.length && !this.#inbox.full) {
        const { used: taken, frame } = this.#decoder.take(chunk.subarray(used));
        used += taken;
        if (!frame) continue;
        whole = true;
        this.#onFrame(frame);
      }
    } catch (error) {
      this.#fail((error as Error).message.replace(/^A (.*)\.$/, 'a $1'));
      return;
    }
    this.traffic.bytesReceived += used;
    this.#vigil.heard(used, whole || !this.#decoder.owed);
    if (this.#inbox.full && !this.#socket.isPaused()) {
      this.#socket.pause();
      this.#vigil.deaf = true;
    }
    if (used < chunk.length) this.#socket.unshift(chunk.subarray(used));
    this.traffic.transferMs += performance.now() - began;
  }

  #resume(): void {
    if (!this.#socket.isPaused()) return;
    this.#vigil.deaf = false;
    this.#socket.resume();
  }

  #onFrame(frame: Frame): void {
    if (frame.type === 'alive') return;
    if (frame.type === 'goodbye') this.#ended = true;
    else this.#inbox.put(frame);
  }

  #beat(): void {
    // Behind bytes that wait to leave it would only wait as well, and those say the same.
    if (!this.#broken && !this.#socket.writableNeedDrain) void this.send('alive', 0);
  }

  #onClose(): void {
    this.#vigil.end();
    this.#break(this.#ended ? 'it has left the ring' : 'it closed the connection');
  }

  #fail(what: string): RingBrokenError {
    const broken = this.#break(what);
    this.#vigil.end();
    this.#socket.destroy();
    return broken;
  }

  #break(what: string): RingBrokenError {
    this.#broken ??= new RingBrokenError(`The ring broke at ${this.name}: ${what}.`);
    this.#inbox.fail(this.#broken);
    return this.#broken;
  }
}
