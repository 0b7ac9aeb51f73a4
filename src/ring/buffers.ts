/**
 * Buffers of blocks that go around, kept for the next hop. Fresh memory costs more than the copy into it (the kernel
 * clears every page as it is touched: 2 GB/s instead of 10).
 */
export class BufferPool {
  readonly #spare: ArrayBuffer[] = [];

  /** Contents are whatever was there before. */
  take(bytes: number): ArrayBuffer {
    const at = this.#spare.findIndex(({ byteLength }) => byteLength === bytes);
    return at < 0 ? new ArrayBuffer(bytes) : this.#spare.splice(at, 1)[0]!;
  }

  /** Nobody may hold a view of it any more. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength < SMALLEST || this.#spare.includes(buffer)) return;
    this.#spare.push(buffer);
    if (this.#spare.length > MOST) this.#spare.shift();
  }
}

/** Smaller ones cost nothing to make. */
const SMALLEST = 64 << 10;
/** What one rank holds at once: two blocks of keys and values, two of gradients. */
const MOST = 4;
