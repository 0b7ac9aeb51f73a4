import { appendFile, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { makeFolder } from '../lake/make-folder.ts';
import type { CallEnded, ServingObserver } from '../serving/observer.ts';
import type { Logger } from '../stages/context.ts';
import { callLine } from './call-line.ts';

export const CALLS_FOLDER = 'serving/calls';

export interface CallLogOptions {
  /** Lines are written together, so many milliseconds after the first of them. */
  everyMs: number;
  /** A file that is larger is followed by the day's next part. */
  partBytes: number;
  /** How long calls are kept, and how much of them: whichever ends first. */
  days: number;
  totalBytes: number;
  /** What waits to be written may take so many lines; what comes beyond is counted, not kept. */
  waiting: number;
}

const DEFAULTS: CallLogOptions = {
  everyMs: 500,
  partBytes: 64 * 2 ** 20,
  days: 30,
  // At some 250 bytes a line, four million calls.
  totalBytes: 2 ** 30,
  waiting: 100_000,
};

const FILE = /^(\d{4}-\d{2}-\d{2})(?:\.(\d+))?\.jsonl$/;
const DAY_MS = 86_400_000;

/**
 * Who called what, a line a call, in `serving/calls/YYYY-MM-DD[.N].jsonl`. No inputs, no outputs, no keys. It is no
 * part of the audit: that is a signed chain for decisions, which cannot take thousands of lines a second. Several
 * processes append to the same files; a batch is one write, so lines stay whole.
 */
export class CallLog implements ServingObserver, AsyncDisposable {
  readonly #folder: string;
  readonly #log: Pick<Logger, 'error' | 'info'>;
  readonly #options: CallLogOptions;
  #lines: string[] = [];
  #lost = 0;
  #failing = false;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #current = '';

  constructor(folder: string, log: Pick<Logger, 'error' | 'info'>, options: CallLogOptions) {
    this.#folder = folder;
    this.#log = log;
    this.#options = options;
  }

  callEnded(call: CallEnded): void {
    if (this.#lines.length >= this.#options.waiting) this.#lost++;
    else this.#lines.push(callLine(call, Date.now()));
    if (!this.#isWriting) this.#later();
  }

  /** Writes what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    this.#flush();
    await this.#writing;
    clearTimeout(this.#timer);
  }

  #later(): void {
    this.#timer ??= setTimeout(() => this.#flush(), this.#options.everyMs).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isWriting = true;
    this.#writing = this.#write().finally(() => {
      this.#isWriting = false;
      if (this.#lines.length > 0) this.#later();
    });
  }

  async #write(): Promise<void> {
    if (this.#lines.length === 0 && this.#lost === 0) return;
    const [lines, lost] = [this.#lines, this.#lost];
    this.#lines = [];
    this.#lost = 0;
    if (lost > 0) lines.push(`${JSON.stringify({ at: new Date().toISOString(), lost })}\n`);
    try {
      await appendFile(await this.#part(), lines.join(''), { mode: 0o600 });
      if (this.#failing) this.#log.info({}, 'calls are logged again');
      this.#failing = false;
    } catch (error) {
      // Answers matter more than their log: what could not be written is counted, and the count is.
      this.#lost += lost + lines.length - (lost > 0 ? 1 : 0);
      if (!this.#failing) this.#log.error({ problem: messageOf(error) }, 'calls cannot be logged');
      this.#failing = true;
      // Its folder may be gone: the next try looks for it anew.
      this.#current = '';
    }
  }

  /** The file to append to. Whenever it is another one, those that are too old or too many go. */
  async #part(): Promise<string> {
    const day = new Date().toISOString().slice(0, 10);
    const files = this.#current.startsWith(day) ? undefined : await this.#files();
    let part = files ? newestPart(files, day) : partOf(this.#current);
    while (await this.#isOver(join(this.#folder, nameOf(day, part)))) part++;
    const name = nameOf(day, part);
    if (name !== this.#current) {
      this.#current = name;
      await this.#retire(name);
    }
    return join(this.#folder, name);
  }

  async #isOver(path: string): Promise<boolean> {
    const size = await sizeOf(path);
    if (size >= this.#options.partBytes) return true;
    // A full disk takes half of a write: the rest of that line is lost, and the next one begins elsewhere.
    return this.#failing && size > 0 && !(await endsWithLine(path, size));
  }

  async #files(): Promise<string[]> {
    await makeFolder(this.#folder);
    return (await readdir(this.#folder)).filter((name) => FILE.test(name));
  }

  async #retire(current: string): Promise<void> {
    const { days, totalBytes } = this.#options;
    const oldest = new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
    const newestFirst = (await this.#files()).filter((name) => name !== current).toSorted(byAge);
    // Room is kept for the one that is being written.
    let bytes = this.#options.partBytes;
    for (const name of newestFirst) {
      const path = join(this.#folder, name);
      bytes += await sizeOf(path);
      if (name.slice(0, 10) < oldest || bytes > totalBytes) await rm(path, { force: true });
    }
  }
}

/** The log of a home's calls; dispose of it last, so that the last calls stand there. */
export async function callLog(
  home: Home,
  log: Pick<Logger, 'error' | 'info'>,
  options: Partial<CallLogOptions> = {},
): Promise<CallLog> {
  const folder = home.path(CALLS_FOLDER);
  await makeFolder(folder);
  return new CallLog(folder, log, { ...DEFAULTS, ...options });
}

async function endsWithLine(path: string, size: number): Promise<boolean> {
  await using file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() === '\n';
}

const nameOf = (day: string, part: number) => (part === 0 ? `${day}.jsonl` : `${day}.${part}.jsonl`);
const partOf = (name: string) => Number(FILE.exec(name)?.[2] ?? 0);
const newestPart = (names: readonly string[], day: string) =>
  Math.max(0, ...names.filter((name) => name.startsWith(day)).map(partOf));

/** Newest first. */
const byAge = (a: string, b: string) =>
  a.slice(0, 10) === b.slice(0, 10) ? partOf(b) - partOf(a) : a < b ? 1 : -1;

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
