import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const DEFAULT_LIMIT_BYTES = 10 * 2 ** 20;
const KEPT = 3;

/**
 * One process's log: JSON lines, one event a line. What the process prints that is not JSON (a crash, a warning of
 * the runtime) is wrapped, so that every line of the file can be read by a program.
 */
export class LogFile {
  readonly path: string;
  private readonly limitBytes: number;
  private handle: number;
  private size: number;

  constructor(path: string, limitBytes = DEFAULT_LIMIT_BYTES) {
    this.path = path;
    this.limitBytes = limitBytes;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.handle = openSync(path, 'a', 0o600);
    this.size = statSync(path).size;
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
    closeSync(this.handle);
  }

  private write(json: string): void {
    const bytes = Buffer.from(`${json}\n`);
    if (this.size > 0 && this.size + bytes.length > this.limitBytes) this.rotate();
    writeSync(this.handle, bytes);
    this.size += bytes.length;
  }

  /** `x.log` becomes `x.log.1`, that `x.log.2`, and so on; the oldest goes. */
  private rotate(): void {
    closeSync(this.handle);
    for (let number = KEPT; number >= 1; number -= 1) {
      try {
        renameSync(number === 1 ? this.path : `${this.path}.${number - 1}`, `${this.path}.${number}`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    this.handle = openSync(this.path, 'a', 0o600);
    this.size = 0;
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
