const NOTHING = Buffer.alloc(0);
const LEAST_BYTES = 4096;
/** Times what came that is made room for at once, where more is announced: who announces much may send nothing. */
const AHEAD = 16;
/** Memory that takes less is left to the garbage collector. */
const WORTH_LETTING_GO = 2 ** 15;

/** Memory that nobody but its one message lies in. */
const own = new WeakSet<ArrayBufferLike>();

/**
 * Bytes that come in pieces, in memory of their own: a piece is a view of all that was read with it, and a list of small
 * ones would take a hundred times what they hold.
 */
export class GrowingBytes {
  #bytes: Buffer = NOTHING;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What it takes in memory. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /**
   * @param isAll keeps a small piece as it is, where nothing came before it: no more will
   * @param announced how long all of it will be, where that is known: it is then copied less often
   */
  add(piece: Buffer, isAll: boolean, announced = 0): void {
    if (isAll && this.#length === 0 && !isLent(piece)) {
      this.#bytes = piece;
      this.#length = piece.length;
      return;
    }
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) this.#grow(length, announced);
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** All of it; nothing is left here. */
  taken(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#bytes = NOTHING;
    this.#length = 0;
    return bytes;
  }

  #grow(length: number, announced: number): void {
    const wanted = announced < length ? this.#bytes.length * 2 : Math.min(announced, AHEAD * length);
    const larger = Buffer.allocUnsafeSlow(Math.max(LEAST_BYTES, length, wanted));
    larger.set(this.#bytes.subarray(0, this.#length));
    letGo(this.#bytes);
    if (larger.length >= WORTH_LETTING_GO) own.add(larger.buffer);
    this.#bytes = larger;
  }
}

/**
 * Gives memory back at once that grew here: nobody may read the bytes, or a view of them, any more. Left to the garbage
 * collector, every so many megabytes of it would set off a collection of the whole heap.
 */
export function letGo({ buffer }: Uint8Array): void {
  if (own.delete(buffer)) (buffer as ArrayBuffer).transfer(0);
}

/** Whether what was received is lent for as long as it is read: `giveBack` ends it. */
const isLent = ({ buffer }: Uint8Array): boolean => buffer.byteLength >= WORTH_LETTING_GO;

/** Of what a socket received, all views of which have been read or copied: as `letGo`, whoever made the memory. */
export function giveBack(received: Buffer): void {
  if (isLent(received)) (received.buffer as ArrayBuffer).transfer(0);
}
