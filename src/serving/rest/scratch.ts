/** Kept for the next request; longer ones go. */
const KEPT_BYTES = 2 ** 20;
const FIRST_LENGTH = 4096;
const KEPT: Float64Array[] = [];
const MOST_KEPT = 4;

/**
 * A list of numbers that grows, in memory that is used again: a number is read as a double whatever it becomes, so
 * that the loop that reads them knows one kind of array only.
 */
export class Scratch {
  #numbers: Float64Array | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    this.#numbers ??= KEPT.pop() ?? new Float64Array(FIRST_LENGTH);
    if (this.#length === this.#numbers.length) {
      const longer = new Float64Array(this.#length * 2);
      longer.set(this.#numbers);
      this.#numbers = longer;
    }
    this.#numbers[this.#length++] = value;
  }

  /** A view that holds until numbers are read again: to be copied at once. */
  take(): Float64Array {
    const numbers = this.#numbers ?? new Float64Array(0);
    if (this.#numbers && numbers.byteLength <= KEPT_BYTES && KEPT.length < MOST_KEPT) KEPT.push(numbers);
    this.#numbers = undefined;
    return numbers.subarray(0, this.#length);
  }
}
