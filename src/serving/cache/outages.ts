const TOLD_MS = 60_000;

export interface OutageParts {
  /** `before`: how often it was away since this was last told, beside this time. */
  away(reason: string, before: number): void;
  back(): void;
  /** So often is told at most. */
  everyMs?: number;
}

/**
 * Tells that something is away, and when it is back. Of one that comes and goes it is told once in a while only, and
 * then whether it is away at that time.
 */
export class Outages {
  readonly #parts: OutageParts;
  readonly #everyMs: number;
  #reason: string | undefined;
  #isTold = false;
  #untold = 0;
  #pause: NodeJS.Timeout | undefined;

  constructor(parts: OutageParts) {
    this.#parts = parts;
    this.#everyMs = parts.everyMs ?? TOLD_MS;
  }

  away(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    if (this.#pause) this.#untold++;
    else this.#tell(reason, this.#untold);
  }

  back(): void {
    if (this.#reason === undefined) return;
    this.#reason = undefined;
    if (!this.#isTold) return;
    this.#isTold = false;
    this.#parts.back();
  }

  close(): void {
    clearTimeout(this.#pause);
  }

  #tell(reason: string, before: number): void {
    this.#isTold = true;
    this.#untold = 0;
    this.#parts.away(reason, before);
    this.#pause = setTimeout(() => this.#pauseIsOver(), this.#everyMs);
    this.#pause.unref();
  }

  #pauseIsOver(): void {
    this.#pause = undefined;
    if (this.#reason !== undefined && !this.#isTold) this.#tell(this.#reason, this.#untold - 1);
  }
}
