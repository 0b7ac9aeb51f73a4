import { auditEntry, type AuditEntry, type AuditEvent } from '../contracts/audit.ts';
import { canonicalJson, sha256 } from '../lake/canonical.ts';

/** Before the first line. */
export const NO_HASH = '0'.repeat(64);

export const LOG_URI = 'audit/log.jsonl';
export const HEAD_URI = 'audit/head.json';
/** A longer line is no line of ours: reading stays within this however the file was changed. */
export const LONGEST_LINE = 64 * 1024;

export interface Link {
  sequence: number;
  hash: string;
}

/** The event as the line after `last`. */
export function linked(event: AuditEvent, last: Link): AuditEntry {
  const body = { ...event, sequence: last.sequence + 1, previous: last.hash };
  return { ...body, hash: sha256(canonicalJson(body)) };
}

/** The one spelling of a line, without its end. */
export const lineOf = (entry: AuditEntry): string => canonicalJson(entry);

/** What a line says, or what is wrong with it by itself. */
export function parseLine(line: string): AuditEntry | string {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return 'it is not JSON';
  }
  const parsed = auditEntry.safeParse(json);
  if (!parsed.success) return 'it is no entry of an audit';
  if (lineOf(parsed.data) !== line) return 'it is not spelled as it was written';
  const { hash, ...body } = parsed.data;
  if (sha256(canonicalJson(body)) !== hash) return 'its hash is not that of what it says';
  return parsed.data;
}

/** What is wrong with a line as the one after `last`. */
export function brokenLink({ sequence, previous }: AuditEntry, last: Link): string | undefined {
  if (sequence !== last.sequence + 1) return `it has the number ${sequence}, not ${last.sequence + 1}`;
  return previous === last.hash ? undefined : 'it does not follow the line before it';
}
