import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BadInputError } from '../errors.ts';
import { lineSplitter } from '../stack/log-file.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'];
/** Pino writes numbers, the Temporal server words. */
const NUMBERS: Record<string, string> = {
  10: 'debug',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'error',
};

type Event = Record<string, unknown>;

interface LogLine {
  event: Event;
  /** For a person: `12:00:01 warn  message {"field":1}`. */
  text: string;
}

/** The last lines of a log that are at least as bad as `level`. */
export function readLog(path: string, count: number, level: string): LogLine[] {
  const lowest = rankOf(level);
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => parse(line, lowest))
    .slice(-count);
}

/** Gives new lines as they are written, through a rotation too, until the signal aborts. */
export async function followLog(
  path: string,
  level: string,
  signal: AbortSignal,
  take: (text: string) => void,
): Promise<void> {
  const lowest = rankOf(level);
  let offset = statSync(path).size;
  const splitter = lineSplitter((line) => parse(line, lowest).forEach(({ text }) => take(text)));
  while (!signal.aborted) {
    const { size } = statSync(path);
    if (size < offset) offset = 0;
    if (size > offset) {
      const bytes = Buffer.alloc(size - offset);
      const handle = openSync(path, 'r');
      offset += readSync(handle, bytes, 0, bytes.length, offset);
      closeSync(handle);
      splitter.push(bytes.toString('utf8'));
    }
    await sleep(200, undefined, { signal }).catch(() => {});
  }
}

function parse(line: string, lowest: number): LogLine[] {
  if (line === '') return [];
  let event: Event;
  try {
    event = JSON.parse(line) as Event;
  } catch {
    // The line that is being written right now.
    return [];
  }
  const { level, time, ts, msg, ...fields } = event;
  const word = NUMBERS[String(level)] ?? String(level ?? 'info').toLowerCase();
  if (LEVELS.indexOf(word) < lowest) return [];
  const at = new Date((time ?? ts ?? 0) as string | number);
  const clock = Number.isNaN(at.getTime()) ? '' : at.toISOString().slice(11, 19);
  const rest = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : '';
  return [{ event, text: `${clock} ${word.padEnd(5)} ${String(msg ?? '')}${rest}` }];
}

function rankOf(level: string): number {
  const rank = LEVELS.indexOf(level);
  if (rank < 0) throw new BadInputError(`Unknown level "${level}".`, `Use one of ${LEVELS.join(', ')}.`);
  return rank;
}
