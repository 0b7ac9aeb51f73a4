/**
 * Arrays of one length that are taken, given back all at once, and taken again: fresh memory costs more than the
 * arithmetic that fills it.
 */
export class Scratch {
  readonly #capacity: number;
  readonly #arrays: Float64Array[] = [];
  #taken = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** An array with whatever it had in it; `length` is at most the capacity. */
  take(length: number): Float64Array {
    const array = (this.#arrays[this.#taken++] ??= new Float64Array(this.#capacity));
    return length === this.#capacity ? array : array.subarray(0, length);
  }

  giveAllBack(): void {
    this.#taken = 0;
  }
}
