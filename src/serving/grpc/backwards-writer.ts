const VARINT = 0;
const DELIMITED = 2;

/** Writes a message of Protocol Buffers from its end to its beginning, into a block that is large enough. */
export class BackwardsWriter {
  readonly #block: Buffer;
  /** Where what is written begins. */
  at: number;

  constructor(room: number) {
    this.#block = Buffer.allocUnsafe(room);
    this.at = room;
  }

  /** int64 from 0 on, below 2**53. */
  integer(field: number, value: number): void {
    this.#varint(value);
    this.#varint(field * 8 + VARINT);
  }

  text(field: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.at -= length;
    this.#block.write(value, this.at);
    this.#varint(length);
    this.#varint(field * 8 + DELIMITED);
  }

  bytes(field: number, value: Uint8Array): void {
    this.at -= value.length;
    this.#block.set(value, this.at);
    this.#varint(value.length);
    this.#varint(field * 8 + DELIMITED);
  }

  /** What was written since `at` was `end` is the message of a field. */
  open(field: number, end: number): void {
    this.#varint(end - this.at);
    this.#varint(field * 8 + DELIMITED);
  }

  done(): Uint8Array {
    return this.#block.subarray(this.at);
  }

  #varint(value: number): void {
    const block = this.#block;
    if (value < 128) {
      block[--this.at] = value;
      return;
    }
    let length = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1;
    this.at -= length;
    let rest = value;
    for (let i = 0; i < length - 1; i++) {
      block[this.at + i] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    block[this.at + length - 1] = rest;
  }
}
