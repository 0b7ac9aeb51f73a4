import type { AuditEntry, AuditHead } from '../contracts/audit.ts';
import { CorruptArtifactError, MissingDataError, counted } from '../errors.ts';
import { withLock } from '../lake/file-lock.ts';
import type { Home } from '../lake/home.ts';
import { ownKeyFiles } from '../signing/home-key.ts';
import { HEAD_URI, LOG_URI, NO_HASH, brokenLink, lineOf, parseLine, type Link } from './chain.ts';
import { readHead } from './head.ts';
import { auditBytes, rawLines } from './read.ts';

const BEGINS_WITHIN_MS = 600_000;

export interface AuditVerdict {
  ok: boolean;
  /** Lines that are as they were written. */
  lines: number;
  /** The first line, from 1 on, that is not as it was written; null where all are, or where only the head is wrong. */
  badLine: number | null;
  problem: string | null;
  /** What the home vouches for: keep it elsewhere, and `expect` it later. Null when the head is wrong. */
  head: { sequence: number; hash: string; keyId: string } | null;
  /** A process died while it wrote the last line, which stands in the head: the next event finishes it. */
  unfinished: boolean;
}

/** A moment of the audit that must still be there: a line's number (from 0 on, as in the log) and its hash. */
export interface Expected extends Link {}

/**
 * Checks every line against its hash, the line before it and the signed head. It takes the log as of now: what is
 * appended meanwhile is not looked at.
 */
export async function verifyAudit(home: Home, expected?: Expected): Promise<AuditVerdict> {
  const { head, bytes } = await snapshot(home);
  if (!head) {
    const [key] = await ownKeyFiles(home);
    if (bytes === 0 && key) {
      const what = `the home has a key since ${key.createdAt} and no audit: it was removed, or its very first line never came to be written`;
      return wrong(0, null, what, undefined);
    }
    if (bytes === 0) {
      throw new MissingDataError('This home has no audit.', 'The first event that is told begins one.');
    }
    return wrong(0, null, `${LOG_URI} has no ${HEAD_URI}: somebody removed it`, undefined);
  }
  if (head instanceof Error) return wrong(0, null, head.message, undefined);
  let last: Link = { sequence: -1, hash: NO_HASH };
  let seen = expected === undefined;
  for await (const { number, text, ended } of rawLines(home, bytes)) {
    const pending = head.pending && lineOf(head.pending);
    const isNext = number === head.sequence + 2 && pending !== null;
    if (!ended && isNext && text !== undefined && pending.startsWith(text)) break;
    const entry = text === undefined ? 'it is no text of ours' : parseLine(text);
    const trouble =
      typeof entry === 'string'
        ? entry
        : (brokenLink(entry, last) ?? (ended ? undefined : 'its end is cut off'));
    if (trouble !== undefined) return wrong(last.sequence + 1, number, trouble, head);
    if (typeof entry === 'string') break;
    const late = number === 1 ? await beganLate(home, entry) : undefined;
    if (late !== undefined) return wrong(0, 1, late, head);
    if (entry.sequence > head.sequence && entry.hash !== head.pending?.hash) {
      return wrong(last.sequence + 1, number, 'the head that this home signed knows nothing of it', head);
    }
    if (entry.sequence === head.sequence && entry.hash !== head.hash) {
      const what =
        'a line up to here was changed, and all after it written anew: the signed head has another hash';
      return wrong(last.sequence + 1, number, what, head);
    }
    last = { sequence: entry.sequence, hash: entry.hash };
    seen ||= entry.sequence === expected?.sequence && entry.hash === expected.hash;
  }
  const lines = last.sequence + 1;
  if (last.sequence < head.sequence) {
    const missing = head.sequence - last.sequence;
    return wrong(lines, lines + 1, `${counted(missing, 'line')} cut off from here on`, head);
  }
  if (!seen) {
    const what = `line ${expected!.sequence + 1} is not there with the hash that was expected: the audit was put back to an earlier state`;
    return wrong(lines, null, what, head);
  }
  return {
    ok: true,
    lines,
    badLine: null,
    problem: null,
    head: briefly(head),
    unfinished: head.pending !== null,
  };
}

/** Whoever removes a whole audit makes the next one begin long after the key that signs it. */
async function beganLate(home: Home, { what, at, details }: AuditEntry): Promise<string | undefined> {
  if (what !== 'audit-began') return 'it is not the beginning of an audit';
  const key = (await ownKeyFiles(home)).find(({ keyId }) => keyId === details['keyId']);
  if (!key) return 'it names a key that is none of this home';
  const late = Date.parse(at) - Date.parse(key.createdAt);
  return late < BEGINS_WITHIN_MS
    ? undefined
    : `the audit begins here at ${at}, and its key was made at ${key.createdAt}: what was before was removed`;
}

function wrong(
  lines: number,
  badLine: number | null,
  problem: string,
  head: AuditHead | undefined,
): AuditVerdict {
  return { ok: false, lines, badLine, problem, head: head ? briefly(head) : null, unfinished: false };
}

const briefly = ({ sequence, hash, keyId }: AuditHead) => ({ sequence, hash, keyId });

/** Head and length as of one moment between two appends. */
function snapshot(home: Home): Promise<{ head: AuditHead | Error | undefined; bytes: number }> {
  return withLock(home.path(LOG_URI), "the home's audit", async () => ({
    head: await readHead(home).catch((error: unknown) => {
      if (error instanceof CorruptArtifactError) return error;
      throw error;
    }),
    bytes: await auditBytes(home),
  }));
}
