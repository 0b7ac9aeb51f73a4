import { open, type FileHandle } from 'node:fs/promises';
import { auditEvent, type AuditEntry, type AuditEvent, type AuditHead } from '../contracts/audit.ts';
import { BadInputError, CorruptArtifactError, describeIssues } from '../errors.ts';
import { canonicalJson } from '../lake/canonical.ts';
import { withLock } from '../lake/file-lock.ts';
import type { Home } from '../lake/home.ts';
import { storageFailure } from '../lake/storage-failure.ts';
import { homeKey, type HomeKey } from '../signing/home-key.ts';
import { HEAD_URI, LOG_URI, LONGEST_LINE, NO_HASH, lineOf, linked, parseLine } from './chain.ts';
import { readHead, writeHead, type HeadState } from './head.ts';
import { auditBytes } from './read.ts';

/** How far back a retry looks for what it has told already: some thousand lines. */
const REMEMBERED_BYTES = 512 * 1024;

type Told = Omit<AuditEvent, 'details'> & Partial<Pick<AuditEvent, 'details'>>;

/**
 * Adds an event to `audit/log.jsonl` and answers the line. An event that stands there already, with the same id and
 * the same words, is not written twice. A home without an audit starts one.
 *
 * The new line is written into the signed head first, then into the log, then the head forgets it. Whoever dies in
 * between leaves a head that names the very line that is missing, and the next append finishes it.
 */
export async function appendAudit(home: Home, told: Told): Promise<AuditEntry> {
  const event = checked(told);
  return withLock(home.path(LOG_URI), "the home's audit", async () => {
    const key = await homeKey(home);
    let head: HeadState & { keyId?: string } = (await readHead(home)) ?? (await noHead(home));
    head = await finishPending(home, key, head);
    const before = await alreadyTold(home, event);
    if (before) return before;
    for (const notice of noticesOf(head, key)) head = (await append(home, key, head, notice)).head;
    return (await append(home, key, head, event)).entry;
  });
}

function checked(told: Told): AuditEvent {
  const parsed = auditEvent.safeParse(told);
  if (!parsed.success) {
    throw new BadInputError(
      `An event cannot be audited: ${describeIssues(parsed.error.issues)}.`,
      'See src/contracts/audit.ts.',
    );
  }
  // As it will be read again: without fields that are undefined.
  const event = JSON.parse(canonicalJson(parsed.data)) as AuditEvent;
  const bytes = Buffer.byteLength(
    lineOf(linked(event, { sequence: Number.MAX_SAFE_INTEGER - 1, hash: NO_HASH })),
  );
  if (bytes <= LONGEST_LINE) return event;
  throw new BadInputError(
    `An event of ${bytes} bytes cannot be audited; a line has at most ${LONGEST_LINE}.`,
    'Put what is large into a file, and its hash into the details.',
  );
}

/** A log without a head is never what a crash leaves: a new head would make good whatever was done to it. */
async function noHead(home: Home): Promise<HeadState> {
  if ((await auditBytes(home)) > 0) {
    throw new CorruptArtifactError(
      `${LOG_URI} has no ${HEAD_URI}.`,
      'Somebody removed it: restore the folder audit/ from a backup, or move it away to begin anew.',
    );
  }
  return { sequence: -1, hash: NO_HASH, bytes: 0, pending: null };
}

/** What the audit says of itself: that it began, and that another key signs from here on. */
function noticesOf({ sequence, keyId }: Pick<AuditHead, 'sequence'> & { keyId?: string }, key: HomeKey) {
  const what = sequence < 0 ? 'audit-began' : keyId === key.keyId ? undefined : 'key-changed';
  if (!what) return [];
  const notice: AuditEvent = {
    at: new Date().toISOString(),
    who: 'ringwatt',
    identity: 'system',
    what,
    subject: 'audit',
    why: what === 'key-changed' ? 'The private half of the key before was no longer in the home.' : '',
    from: 'audit',
    details: { keyId: key.keyId, ...(keyId !== undefined && { before: keyId }) },
  };
  return [notice];
}

async function append(
  home: Home,
  key: HomeKey,
  head: HeadState,
  event: AuditEvent,
): Promise<{ entry: AuditEntry; head: HeadState & { keyId: string } }> {
  const entry = linked(event, head);
  await writeHead(home, key, { ...withoutKey(head), pending: entry });
  const settled = await write(home, entry, head.bytes);
  await writeHead(home, key, settled);
  return { entry, head: { ...settled, keyId: key.keyId } };
}

async function finishPending(
  home: Home,
  key: HomeKey,
  head: HeadState & { keyId?: string },
): Promise<HeadState & { keyId?: string }> {
  if (!head.pending) return head;
  const settled = await write(home, head.pending, head.bytes);
  await writeHead(home, key, settled);
  return { ...settled, ...(head.keyId !== undefined && { keyId: head.keyId }) };
}

/**
 * Puts the line behind the others. What stands behind `start` already is a part of it that a crash left, and is
 * written over; anything else is somebody's change and stays, to be found.
 */
async function write(home: Home, entry: AuditEntry, start: number): Promise<HeadState> {
  const path = home.path(LOG_URI);
  const line = Buffer.from(`${lineOf(entry)}\n`);
  try {
    const handle = await open(path, 'a+', 0o600);
    try {
      const { size } = await handle.stat();
      const tail = Buffer.alloc(Math.min(Math.max(0, size - start), line.length + 1));
      await handle.read(tail, 0, tail.length, start);
      const isPart =
        size >= start && tail.length <= line.length && line.subarray(0, tail.length).equals(tail);
      if (isPart && tail.length < line.length) await handle.appendFile(line.subarray(tail.length));
      if (!isPart) await handle.appendFile((await endsLine(handle, size)) ? line : `\n${line.toString()}`);
      await handle.sync();
      const { size: bytes } = await handle.stat();
      return { sequence: entry.sequence, hash: entry.hash, bytes, pending: null };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw storageFailure(error, path) ?? error;
  }
}

async function endsLine(handle: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  return last.toString() === '\n';
}

/** The line of this event among the last ones. */
async function alreadyTold(home: Home, event: AuditEvent): Promise<AuditEntry | undefined> {
  const needle = `"at":${JSON.stringify(event.at)}`;
  const wanted = canonicalJson(event);
  for (const line of (await lastText(home)).split('\n').toReversed()) {
    if (!line.includes(needle)) continue;
    const entry = parseLine(line);
    if (typeof entry === 'string') continue;
    const { sequence: _number, previous: _previous, hash: _hash, ...told } = entry;
    if (canonicalJson(told) === wanted) return entry;
  }
  return undefined;
}

async function lastText(home: Home): Promise<string> {
  const size = await auditBytes(home);
  if (size === 0) return '';
  const handle = await open(home.path(LOG_URI), 'r');
  try {
    const start = Math.max(0, size - REMEMBERED_BYTES);
    const bytes = Buffer.alloc(size - start);
    await handle.read(bytes, 0, bytes.length, start);
    return bytes.toString('utf8');
  } finally {
    await handle.close();
  }
}

const withoutKey = ({ sequence, hash, bytes }: HeadState) => ({ sequence, hash, bytes });
