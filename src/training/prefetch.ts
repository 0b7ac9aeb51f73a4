/**
 * Loads a numbered thing while the one before it is in use, so that whoever takes them in order waits only for what
 * takes longer to load than to use. At most two are held: what `take` gave is good until the next is taken, and its
 * memory may then be loaded into.
 */
export class Prefetch<T> implements AsyncDisposable {
  readonly #load: (index: number, into: T | undefined) => Promise<T>;
  /** Milliseconds. */
  readonly #clock: () => number;
  #next: { index: number; loading: Promise<T> } | undefined;
  #inUse: T | undefined;
  #waitMs = 0;

  constructor(
    load: (index: number, into: T | undefined) => Promise<T>,
    clock: () => number = () => performance.now(),
  ) {
    this.#load = load;
    this.#clock = clock;
  }

  /** How long `take` has waited in all. */
  get waitSeconds(): number {
    return this.#waitMs / 1000;
  }

  /** A failed load is thrown here, at the number that it was for; asking again tries again. */
  async take(index: number): Promise<T> {
    const began = this.#clock();
    const ahead = this.#next;
    this.#next = undefined;
    const asked = ahead?.index === index;
    if (ahead && !asked) await ahead.loading.catch(() => undefined);
    const taken = await (asked ? ahead.loading : this.#load(index, undefined));
    this.#waitMs += this.#clock() - began;
    const loading = this.#load(index + 1, this.#inUse);
    // It is looked at when it is needed; until then it is nobody's unhandled rejection.
    loading.catch(() => undefined);
    this.#next = { index: index + 1, loading };
    this.#inUse = taken;
    return taken;
  }

  /** Returns when nothing is being loaded any more, so that its source can be closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#next?.loading.catch(() => undefined);
    this.#next = undefined;
  }
}
