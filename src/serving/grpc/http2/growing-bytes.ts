import { borrow, giveBack, lend } from '../../lent-memory.ts';

const NOTHING = Buffer.alloc(0);
const LEAST_BYTES = 4096;
/** Times what came that is made room for at once, where more is announced: who announces much may send nothing. */
const AHEAD = 16;

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
   * @param isAll keeps the piece as it is, where nothing came before it: no more will
   * @param announced how long all of it will be, where that is known: it is then copied less often
   */
  add(piece: Buffer, isAll: boolean, announced = 0): void {
    if (isAll && this.#length === 0) {
      borrow(piece);
      this.#bytes = piece;
      this.#length = piece.length;
      return;
    }
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) this.#grow(length, announced);
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** All of it, to be given back (`lent-memory.ts`); nothing is left here. */
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
    giveBack(this.#bytes);
    lend(larger);
    this.#bytes = larger;
  }
}
