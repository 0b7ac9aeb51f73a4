/**
 * Turns on the thread that computes, first come first served over all queues. Two at a time: while one run computes the
 * next is on its way, so that the thread does not wait for its post. Long ones each alone: two would only share the
 * thread, with half of the requests each, where whoever waits may join the next.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #next: { work: () => Promise<void>; isLong: boolean }[] = [];
  #running = 0;
  #isAlone = false;

  constructor(atOnce = 2) {
    this.#atOnce = atOnce;
  }

  take(work: () => Promise<void>, isLong = false): void {
    this.#next.push({ work, isLong });
    this.#pump();
  }

  #pump(): void {
    for (;;) {
      const [next] = this.#next;
      if (!next || this.#isAlone || this.#running >= (next.isLong ? 1 : this.#atOnce)) return;
      this.#next.shift();
      this.#running++;
      this.#isAlone = next.isLong;
      void next.work().finally(() => {
        this.#running--;
        this.#isAlone = false;
        this.#pump();
      });
    }
  }
}
