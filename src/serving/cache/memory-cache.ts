import { LRUCache } from 'lru-cache';
import type { ResponseCache } from './response-cache.ts';

/** Of a key and its entry, besides the value: measured on V8, rounded up, so that small answers cannot outgrow the bound. */
const ENTRY_BYTES = 512;

/** The answers asked for last, within so many bytes of this process. */
export class MemoryCache implements ResponseCache {
  readonly #entries: LRUCache<string, Uint8Array>;

  constructor(maxBytes: number) {
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (value) => value.byteLength + ENTRY_BYTES,
    });
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#entries.get(key);
  }

  set(key: string, value: Uint8Array): void {
    // A view into something larger would keep all of that in memory, uncounted.
    const whole = value.byteLength === value.buffer.byteLength ? value : new Uint8Array(value);
    this.#entries.set(key, whole);
  }

  async close(): Promise<void> {
    this.#entries.clear();
  }
}
