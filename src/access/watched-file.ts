import { open, stat } from 'node:fs/promises';
import type { z } from 'zod';
import { describeIssues } from '../errors.ts';
import { jsonOf } from '../lake/text-file.ts';
import type { Logger } from '../stages/context.ts';

/** How old what we know of a file may be; a revoked key works for no longer. */
const CHECK_MS = 250;
/** More is no list of keys. */
const LARGEST_BYTES = 16 * 2 ** 20;
const OTHERS_MAY_WRITE = 0o022;

type State<T> = { kind: 'absent' } | { kind: 'read'; value: T } | { kind: 'damaged'; why: string };

/**
 * A JSON file that decides who may, read again when it changes. What cannot be read, or is gone after it was there,
 * is damaged: whoever asks then must deny. The log says so once for each change of it.
 */
export class WatchedFile<T> {
  readonly path: string;
  readonly #schema: z.ZodType<T>;
  readonly #log: Pick<Logger, 'error' | 'info'>;
  readonly #checkMs: number;
  #state: State<T> = { kind: 'absent' };
  /** Which file it was, as of its last look. */
  #seen = '';
  #lookedAt = -Infinity;
  #looking: Promise<void> | undefined;

  constructor(
    path: string,
    schema: z.ZodType<T>,
    log: Pick<Logger, 'error' | 'info'>,
    { checkMs = CHECK_MS } = {},
  ) {
    this.path = path;
    this.#schema = schema;
    this.#log = log;
    this.#checkMs = checkMs;
  }

  /** As it is now, or was a moment ago. */
  async state(): Promise<State<T>> {
    if (performance.now() - this.#lookedAt >= this.#checkMs) {
      this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
      await this.#looking;
    }
    return this.#state;
  }

  /** As it is at this moment: for a question that what we know says no to, and a change may have said yes. */
  async stateNow(): Promise<State<T>> {
    // A look that is under way may have been too early.
    await this.#looking;
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    await this.#looking;
    return this.#state;
  }

  async #look(): Promise<void> {
    const now = performance.now();
    const identity = await identityOf(this.path);
    if (identity !== this.#seen) {
      const before = this.#state;
      this.#state = await this.#read(identity, before.kind !== 'absent');
      this.#seen = identity;
      const { path } = this;
      if (this.#state.kind === 'damaged') {
        this.#log.error({ path, why: this.#state.why }, 'nobody is let in by this file until it is repaired');
      } else if (before.kind === 'damaged') this.#log.info({ path }, 'read again');
    }
    this.#lookedAt = now;
  }

  async #read(identity: string, wasThere: boolean): Promise<State<T>> {
    if (identity === 'ENOENT') return wasThere ? damaged('it is gone') : { kind: 'absent' };
    try {
      const handle = await open(this.path, 'r');
      try {
        const { mode, size } = await handle.stat();
        if (size > LARGEST_BYTES) return damaged(`it has ${size} bytes`);
        if ((mode & OTHERS_MAY_WRITE) !== 0) return damaged('others than its user may write it');
        const parsed = this.#schema.safeParse(jsonOf(await handle.readFile('utf8')));
        if (parsed.success) return { kind: 'read', value: parsed.data };
        return damaged(describeIssues(parsed.error.issues.slice(0, 3)));
      } finally {
        await handle.close();
      }
    } catch (error) {
      return damaged(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    }
  }
}

const damaged = (why: string) => ({ kind: 'damaged' as const, why });

/** Changes with every way of writing a file: in place, and by a new one of the same name. */
async function identityOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
