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
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#began) bytes = this.#afterPreface(bytes);
    let at = 0;
    while (this.#began && bytes.length - at >= HEAD_BYTES) {
      const length = bytes.readUIntBE(at, 3);
      if (length > FRAME_BYTES) throw new ConnectionError(ERROR.frameSize, `a frame of ${length} bytes`);
      const end = at + HEAD_BYTES + length;
      if (bytes.length < end) break;
      const stream = bytes.readUInt32BE(at + 5) & 0x7fffffff;
      take(bytes[at + 3]!, bytes[at + 4]!, stream, bytes.subarray(at + HEAD_BYTES, end));
      at = end;
    }
    // A copy, so that a few bytes do not hold the whole of what was read with them.
    this.#rest = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at));
    if (this.#rest.length === 0) this.#partSince = undefined;
    else if (at > 0 || this.#partSince === undefined) this.#partSince = performance.now();
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
