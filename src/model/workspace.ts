/**
 * Arrays that a pass works with, kept for the next one: every step of a run needs the same ones. Fresh memory would be
 * cleared by the kernel page by page, and every 64 MB of it would set off a garbage collection.
 */
export class Workspace {
  readonly #spare = new Map<number, Float32Array[]>();
  #tokens = 0;

  /** A pass over so many tokens begins; arrays for another number are let go. */
  begin(tokens: number): void {
    if (tokens !== this.#tokens) this.#spare.clear();
    this.#tokens = tokens;
  }

  /** Contents are whatever was there before. */
  take(length: number): Float32Array {
    return this.#spare.get(length)?.pop() ?? new Float32Array(length);
  }

  /** Nobody may read them any more. */
  give(...arrays: readonly Float32Array[]): void {
    for (const array of arrays) {
      const spare = this.#spare.get(array.length);
      if (spare) spare.push(array);
      else this.#spare.set(array.length, [array]);
    }
  }
}
