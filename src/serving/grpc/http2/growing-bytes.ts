const NOTHING = Buffer.alloc(0);
const LEAST_BYTES = 4096;

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

  /** @param isAll keeps the piece as it is, where nothing came before it: no more will */
  add(piece: Buffer, isAll: boolean): void {
    if (isAll && this.#length === 0) {
      this.#bytes = piece;
      this.#length = piece.length;
      return;
    }
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(LEAST_BYTES, length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
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
}
