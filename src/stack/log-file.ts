import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { storageFailure } from '../lake/storage-failure.ts';

const DEFAULT_LIMIT_BYTES = 10 * 2 ** 20;
const KEPT = 3;

/**
 * One process's log: JSON lines, one event a line. What the process prints that is not JSON (a crash, a warning of
 * the runtime) is wrapped, so that every line of the file can be read by a program. A line that the disk does not take
 * is dropped and counted, for the log is less than what it tells of; the next line that is written is told the count.
 */
export class LogFile {
  readonly path: string;
  private readonly limitBytes: number;
  private handle: number | undefined;
  private size = 0;
  private dropped = 0;

  constructor(path: string, limitBytes = DEFAULT_LIMIT_BYTES) {
    this.path = path;
    this.limitBytes = limitBytes;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      this.open();
    } catch (error) {
      throw storageFailure(error, path) ?? error;
    }
  }

  /** A line as the process printed it. `level` is for lines that are not JSON. */
  line(text: string, level: 'info' | 'error' = 'info'): void {
    if (text.trim() === '') return;
    this.write(
      isJsonObject(text) ? text : JSON.stringify({ level, time: new Date().toISOString(), msg: text }),
    );
  }

  /** An event of the supervisor about this process. */
  event(level: 'info' | 'warn' | 'error', message: string, fields: object = {}): void {
    this.write(
      JSON.stringify({
        level,
        time: new Date().toISOString(),
        source: 'supervisor',
        msg: message,
        ...fields,
      }),
    );
  }

  close(): void {
    if (this.handle !== undefined) closeSync(this.handle);
    this.handle = undefined;
  }

  private write(json: string): void {
    const lines = this.dropped === 0 ? [json] : [this.lossNote(), json];
    try {
      this.append(Buffer.from(lines.map((line) => `${line}\n`).join('')));
      this.dropped = 0;
    } catch {
      this.dropped += 1;
      this.close();
    }
  }

  private open(): number {
    this.handle = openSync(this.path, 'a', 0o600);
    this.size = fstatSync(this.handle).size;
    return this.handle;
  }

  private lossNote(): string {
    return JSON.stringify({
      level: 'warn',
      time: new Date().toISOString(),
      source: 'supervisor',
      msg: 'lines were lost: the disk did not take them',
      lines: this.dropped,
    });
  }

  private append(bytes: Buffer): void {
    let handle = this.handle ?? this.open();
    if (this.size > 0 && this.size + bytes.length > this.limitBytes) handle = this.rotate();
    const written = writeSync(handle, bytes);
    if (written < bytes.length) {
      ftruncateSync(handle, this.size);
      throw new Error('the disk took half a line');
    }
    this.size += written;
  }

  /** `x.log` becomes `x.log.1`, that `x.log.2`, and so on; the oldest goes. */
  private rotate(): number {
    this.close();
    for (let number = KEPT; number >= 1; number -= 1) {
      try {
        renameSync(number === 1 ? this.path : `${this.path}.${number - 1}`, `${this.path}.${number}`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    return this.open();
  }
}

function isJsonObject(text: string): boolean {
  if (!text.startsWith('{')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Cuts a stream of text into whole lines; the rest of the last one comes with `flush`. */
export function lineSplitter(take: (line: string) => void): { push(text: string): void; flush(): void } {
  let rest = '';
  return {
    push(text) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    },
    flush() {
      if (rest !== '') take(rest);
      rest = '';
    },
  };
}
