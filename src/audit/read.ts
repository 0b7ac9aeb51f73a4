import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { AuditEntry } from '../contracts/audit.ts';
import type { Home } from '../lake/home.ts';
import { readFailure } from '../lake/storage-failure.ts';
import { LOG_URI, LONGEST_LINE, parseLine } from './chain.ts';

export interface RawLine {
  /** From 1 on. */
  number: number;
  /** Undefined where it is longer than any line of ours, or no UTF-8. */
  text: string | undefined;
  /** False of a last line that was cut off. */
  ended: boolean;
}

const NEWLINE = 0x0a;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The first `bytes` of the log by lines, one at a time in memory; nothing when there is no log. */
export async function* rawLines(home: Home, bytes: number): AsyncGenerator<RawLine> {
  if (bytes === 0) return;
  const path = home.path(LOG_URI);
  let number = 0;
  let held: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of createReadStream(path, { end: bytes - 1, highWaterMark: 1 << 18 })) {
      let rest = chunk as Buffer;
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        yield {
          number: ++number,
          text: decoded([...held, rest.subarray(0, end)], length + end),
          ended: true,
        };
        held = [];
        length = 0;
        rest = rest.subarray(end + 1);
      }
      length += rest.length;
      if (length <= LONGEST_LINE) held.push(rest);
      else held = [];
    }
  } catch (error) {
    throw readFailure(error, path) ?? error;
  }
  if (length > 0) yield { number: ++number, text: decoded(held, length), ended: false };
}

function decoded(parts: Buffer[], length: number): string | undefined {
  if (length > LONGEST_LINE) return undefined;
  try {
    return utf8.decode(parts.length === 1 ? parts[0] : Buffer.concat(parts));
  } catch {
    return undefined;
  }
}

export interface AuditFilter {
  /** The whole subject, or the part before a slash: `model` finds `model/day-ahead`. */
  subject?: string;
  who?: string;
  /** ISO 8601; of the event's own moment. */
  since?: string;
}

/** The newest `limit` lines that the filter lets through, oldest first. Says nothing of whether they are true. */
export async function listAudit(
  home: Home,
  bytes: number,
  filter: AuditFilter,
  limit: number,
): Promise<{ entries: AuditEntry[]; matched: number; unreadable: number }> {
  const kept: AuditEntry[] = [];
  let matched = 0;
  let unreadable = 0;
  const since = filter.since === undefined ? -Infinity : Date.parse(filter.since);
  for await (const { text } of rawLines(home, bytes)) {
    const entry = text === undefined ? 'unreadable' : parseLine(text);
    if (typeof entry === 'string') {
      unreadable++;
      continue;
    }
    const { subject, who, at } = entry;
    const isAsked =
      filter.subject === undefined || subject === filter.subject || subject.startsWith(`${filter.subject}/`);
    if (!isAsked || (filter.who !== undefined && who !== filter.who) || Date.parse(at) < since) continue;
    matched++;
    kept.push(entry);
    if (kept.length > limit) kept.shift();
  }
  return { entries: kept, matched, unreadable };
}

/** The log's length; 0 when there is none. */
export async function auditBytes(home: Home): Promise<number> {
  return stat(home.path(LOG_URI)).then(
    ({ size }) => size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return 0;
      throw error;
    },
  );
}
