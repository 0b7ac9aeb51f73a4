import type { ResponseCache } from './response-cache.ts';

/** A small near cache before a large one that is farther away. */
export class LayeredCache implements ResponseCache {
  readonly #near: ResponseCache;
  readonly #far: ResponseCache;

  constructor(near: ResponseCache, far: ResponseCache) {
    this.#near = near;
    this.#far = far;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const near = await this.#near.get(key);
    if (near) return near;
    const far = await this.#far.get(key);
    if (far) this.#near.set(key, far);
    return far;
  }

  set(key: string, value: Uint8Array): void {
    this.#near.set(key, value);
    this.#far.set(key, value);
  }

  async close(): Promise<void> {
    await Promise.all([this.#near.close(), this.#far.close()]);
  }
}
