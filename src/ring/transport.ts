import type { Socket } from 'node:net';
import { RingBrokenError } from '../errors.ts';
import {
  encodeHeader,
  FRAME_HEADER_BYTES,
  FrameDecoder,
  MAX_PAYLOAD_BYTES,
  type Frame,
  type FrameType,
} from './frames.ts';

export interface LinkTiming {
  /** How often a link says that its process lives. */
  aliveEveryMs: number;
  /** After so long without a byte the neighbour counts as lost. */
  silenceMs: number;
}

/**
 * A dead process closes its connection and is noticed at once; this is for a paused or unplugged one. Shorter, and a
 * slot that computes one long segment on an overloaded machine would be taken for lost.
 */
export const DEFAULT_TIMING: LinkTiming = { aliveEveryMs: 1000, silenceMs: 8000 };

export interface Traffic {
  bytesSent: number;
  bytesReceived: number;
  /** What this process spent on packing, checking and copying frames. */
  transferMs: number;
}

const REFORM = 'The ring forms again from the last checkpoint.';

/**
 * One TCP connection to a neighbour, as frames in order. What breaks it (a closed socket, silence, a malformed
 * frame, a frame of another epoch) breaks it for good: every pending and later call throws `RingBrokenError`.
 */
export class Link {
  /** Who is at the other end, for messages. */
  name: string;
  readonly traffic: Traffic = { bytesSent: 0, bytesReceived: 0, transferMs: 0 };
  readonly #socket: Socket;
  readonly #epoch: number;
  readonly #decoder = new FrameDecoder();
  readonly #received: Frame[] = [];
  #waiting: { resolve: (frame: Frame) => void; reject: (error: Error) => void } | undefined;
  #broken: RingBrokenError | undefined;
  #ended = false;
  #watch: NodeJS.Timeout | undefined;
  #lastHeard = performance.now();
  #lastWatched = performance.now();

  constructor(socket: Socket, name: string, epoch: number, timing: LinkTiming = DEFAULT_TIMING) {
    this.name = name;
    this.#socket = socket;
    this.#epoch = epoch;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', (error) => this.#break(`the connection failed (${error.message})`));
    socket.on('close', () => this.#onClose());
    this.#watch = setInterval(() => this.#beat(timing), timing.aliveEveryMs);
  }

  /** From here on the neighbour has proved who it is, and may send whole blocks. */
  trust(name: string): void {
    this.name = name;
    this.#decoder.maxPayload = MAX_PAYLOAD_BYTES;
  }

  /** Resolves when the frame is handed over and the stream takes more: a slow neighbour slows its sender. */
  send(type: FrameType, tag: number, ...payload: ArrayBufferView[]): Promise<void> {
    const sent = this.#write(type, tag, payload);
    // A send is often awaited only after a long computation; its failure must not count as unhandled until then.
    sent.catch(() => undefined);
    return sent;
  }

  /** The next frame, which must be of this type and tag: both sides run the same program. */
  async receive(type: FrameType, tag?: number): Promise<Frame> {
    const frame = await this.receiveAny();
    if (frame.type === type && (tag === undefined || frame.tag === tag)) return frame;
    throw this.#break(`it sent ${frame.type} ${frame.tag} where ${type} ${tag ?? ''} was due`);
  }

  receiveAny(): Promise<Frame> {
    const frame = this.#received.shift();
    if (frame) return Promise.resolve(frame);
    if (this.#broken) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
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
    clearInterval(this.#watch);
    if (this.#ended) this.#socket.end();
    else this.#socket.destroy();
    this.#break('the link was closed on this side');
  }

  async #write(type: FrameType, tag: number, payload: ArrayBufferView[]): Promise<void> {
    if (this.#broken) throw this.#broken;
    const began = performance.now();
    const parts = payload.map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    this.#socket.cork();
    this.#socket.write(encodeHeader({ type, epoch: this.#epoch, tag }, parts));
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
    this.traffic.transferMs += performance.now() - began;
    this.traffic.bytesSent += parts.reduce((sum, { byteLength }) => sum + byteLength, FRAME_HEADER_BYTES);
    if (!this.#socket.writableNeedDrain) return;
    await new Promise<void>((resolve, reject) => {
      const done = () => {
        this.#socket.off('drain', done).off('close', done);
        if (this.#broken) reject(this.#broken);
        else resolve();
      };
      this.#socket.on('drain', done).on('close', done);
    });
  }

  #onData(chunk: Buffer): void {
    const began = (this.#lastHeard = performance.now());
    this.traffic.bytesReceived += chunk.length;
    try {
      for (const frame of this.#decoder.push(chunk)) this.#onFrame(frame);
    } catch (error) {
      this.#break((error as Error).message);
      this.#socket.destroy();
    }
    this.traffic.transferMs += performance.now() - began;
  }

  #onFrame(frame: Frame): void {
    if (frame.epoch !== this.#epoch) {
      throw new Error(`it sent a frame of epoch ${frame.epoch} to a ring of epoch ${this.#epoch}`);
    }
    if (frame.type === 'alive') return;
    if (frame.type === 'goodbye') {
      this.#ended = true;
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting.resolve(frame);
    else this.#received.push(frame);
  }

  #onClose(): void {
    clearInterval(this.#watch);
    this.#break(this.#ended ? 'it has left the ring' : 'it closed the connection');
  }

  #beat({ aliveEveryMs, silenceMs }: LinkTiming): void {
    const now = performance.now();
    // When this process itself was held up, what neighbours sent meanwhile may still lie unread.
    if (now - this.#lastWatched > 2 * aliveEveryMs)
      this.#lastHeard = Math.max(this.#lastHeard, now - silenceMs / 2);
    this.#lastWatched = now;
    if (now - this.#lastHeard > silenceMs) {
      this.#break(`it has been silent for ${(silenceMs / 1000).toFixed(1)} s`);
      this.#socket.destroy();
      return;
    }
    if (!this.#socket.writableNeedDrain) void this.send('alive', 0);
  }

  #break(what: string): RingBrokenError {
    this.#broken ??= new RingBrokenError(`The ring broke at ${this.name}: ${what}.`, REFORM);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(this.#broken);
    return this.#broken;
  }
}
