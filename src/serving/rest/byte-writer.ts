const FIRST_BYTES = 4096;
/** Kept for the next answer; longer ones go. */
const KEPT_BYTES = 2 ** 20;
let kept: Buffer | undefined;

/** Grows a text byte by byte. One is in use at a time: an answer is written without waiting for anything. */
export class ByteWriter {
  bytes: Buffer;
  at = 0;

  constructor() {
    this.bytes = kept ?? Buffer.allocUnsafeSlow(FIRST_BYTES);
    kept = undefined;
  }

  /** Before `length` more bytes are put into `bytes` by hand. */
  reserve(length: number): void {
    const needed = this.at + length;
    if (needed <= this.bytes.length) return;
    const longer = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(longer, 0, 0, this.at);
    this.bytes = longer;
  }

  ascii(text: string): void {
    this.reserve(text.length);
    this.at += this.bytes.write(text, this.at, 'latin1');
  }

  /** One letter by its code. */
  letter(code: number): void {
    if (this.at === this.bytes.length) this.reserve(1);
    this.bytes[this.at++] = code;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** A copy of what was written; nothing may be written after it. */
  done(): Buffer {
    const text = Buffer.from(this.bytes.subarray(0, this.at));
    if (this.bytes.length <= KEPT_BYTES) kept = this.bytes;
    return text;
  }
}
