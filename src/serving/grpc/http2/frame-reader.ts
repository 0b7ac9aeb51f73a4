import { ConnectionError, ERROR, FRAME_BYTES, HEAD_BYTES } from './frames.ts';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const NOTHING = Buffer.alloc(0);

/** A frame; the payload is a view of what was received, good until the call returns. */
export type TakeFrame = (type: number, flags: number, stream: number, payload: Buffer) => void;

/** Cuts what comes over a connection into frames. Holds one that has come in part, so 16 KB at most. */
export class FrameReader {
  #rest: Buffer = NOTHING;
  #began = false;
  #partSince: number | undefined;

  /** When the part of a frame came that waits for its end (`performance.now()`). */
  get partSince(): number | undefined {
    return this.#partSince;
  }

  get began(): boolean {
    return this.#began;
  }

  /** @throws ConnectionError */
  read(chunk: Buffer, take: TakeFrame): void {
    let bytes = chunk;
    let at = 0;
    if (this.#rest.length > 0 && !this.#began) bytes = Buffer.concat([this.#rest, chunk]);
    else if (this.#rest.length > 0) {
      at = this.#endOfPart(chunk, take);
      if (at === 0) return;
    }
    if (!this.#began) bytes = this.#afterPreface(bytes);
    while (this.#began && bytes.length - at >= HEAD_BYTES) {
      const end = at + frameLength(bytes, at);
      if (bytes.length < end) break;
      takeAt(bytes, at, end, take);
      at = end;
    }
    // A copy, so that a few bytes do not hold the whole of what was read with them.
    this.#rest = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at));
    if (this.#rest.length === 0) this.#partSince = undefined;
    else if (at > 0 || this.#partSince === undefined) this.#partSince = performance.now();
  }

  /**
   * The frame that came in part, alone: all others are read where they lie.
   *
   * @returns how much of the chunk belonged to it; 0 where it is not whole yet
   */
  #endOfPart(chunk: Buffer, take: TakeFrame): number {
    const began = this.#rest;
    const head = began.length < HEAD_BYTES ? joined(began, chunk, HEAD_BYTES) : began;
    const size = head.length < HEAD_BYTES ? Infinity : frameLength(head, 0);
    const whole = began.length + chunk.length >= size;
    this.#rest = joined(began, chunk, size);
    if (!whole) return 0;
    const part = this.#rest;
    this.#rest = NOTHING;
    takeAt(part, 0, size, take);
    return size - began.length;
  }

  #afterPreface(bytes: Buffer): Buffer {
    const length = Math.min(bytes.length, PREFACE.length);
    if (bytes.compare(PREFACE, 0, length, 0, length) !== 0) {
      throw new ConnectionError(ERROR.protocol, 'this is no HTTP/2');
    }
    if (length < PREFACE.length) return bytes;
    this.#began = true;
    return bytes.subarray(PREFACE.length);
  }
}

/** @throws ConnectionError */
function frameLength(bytes: Buffer, at: number): number {
  const length = bytes.readUIntBE(at, 3);
  if (length > FRAME_BYTES) throw new ConnectionError(ERROR.frameSize, `a frame of ${length} bytes`);
  return HEAD_BYTES + length;
}

function takeAt(bytes: Buffer, at: number, end: number, take: TakeFrame): void {
  const stream = bytes.readUInt32BE(at + 5) & 0x7fffffff;
  take(bytes[at + 3]!, bytes[at + 4]!, stream, bytes.subarray(at + HEAD_BYTES, end));
}

/** The two, `size` bytes of them at most. */
const joined = (one: Buffer, other: Buffer, size: number): Buffer =>
  Buffer.concat([one, other.subarray(0, Math.max(0, Math.min(other.length, size - one.length)))]);
