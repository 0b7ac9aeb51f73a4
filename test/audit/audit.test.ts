import assert from 'node:assert/strict';
import { appendFile, chmod, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { appendAudit } from '../../src/audit/append.ts';
import { linked, lineOf } from '../../src/audit/chain.ts';
import { readHead, writeHead } from '../../src/audit/head.ts';
import { auditBytes, listAudit } from '../../src/audit/read.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { auditEntry } from '../../src/contracts/audit.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import type { Home } from '../../src/lake/home.ts';
import { checkKey } from '../../src/cli/doctor/key-check.ts';
import { loadConfig } from '../../src/config/config.ts';
import { openToOthers } from '../../src/signing/file-mode.ts';
import { homeKey } from '../../src/signing/home-key.ts';
import { withHome } from '../backtest/sample-home.ts';
import { HEAD, LOG, event, linesOf, logOf, tell, writeLines } from './sample-audit.ts';

const inHome = (act: (home: Home) => Promise<void>) => withHome(({ home }) => act(home));

/** What `verify` says of the audit with its log, or its head, replaced for the moment. */
async function verdictWith(home: Home, uri: string, bytes: Uint8Array | string) {
  const before = await readFile(home.path(uri));
  await writeFile(home.path(uri), bytes);
  try {
    return await verifyAudit(home);
  } finally {
    await writeFile(home.path(uri), before);
  }
}

const joined = (lines: string[]) => lines.map((line) => `${line}\n`).join('');

describe('audit', () => {
  it('chains what it is told, behind a line that says that it began', () =>
    inHome(async (home) => {
      await tell(home, 3);
      const entries = (await linesOf(home)).map((line) => auditEntry.parse(JSON.parse(line)));
      assert.deepEqual(
        entries.map(({ sequence, what }) => [sequence, what]),
        [
          [0, 'audit-began'],
          [1, 'promoted'],
          [2, 'promoted'],
          [3, 'promoted'],
        ],
      );
      assert.equal(entries[0]!.previous, '0'.repeat(64));
      assert.equal(entries[3]!.previous, entries[2]!.hash);
      const verdict = await verifyAudit(home);
      assert.deepEqual([verdict.ok, verdict.lines, verdict.badLine], [true, 4, null]);
      assert.equal((await stat(home.path(LOG))).mode & 0o777, 0o600);
    }));

  it('writes a retried event once, and equal events of two ids twice', () =>
    inHome(async (home) => {
      const first = await appendAudit(home, event(1, { id: 'a/1' }));
      await appendAudit(home, event(2));
      assert.deepEqual(await appendAudit(home, event(1, { id: 'a/1' })), first);
      await appendAudit(home, event(1, { id: 'a/2' }));
      assert.equal((await linesOf(home)).length, 4);
    }));

  it('takes events of many processes at once, each once', () =>
    inHome(async (home) => {
      const told = Array.from({ length: 12 }, (_, i) => appendAudit(home, event(i % 6)));
      await Promise.all(told);
      assert.equal((await linesOf(home)).length, 7);
      assert.equal((await verifyAudit(home)).ok, true);
    }));

  it('refuses what is no event, and a line without bounds', () =>
    inHome(async (home) => {
      await assert.rejects(appendAudit(home, { ...event(1), who: '' }), BadInputError);
      await assert.rejects(
        appendAudit(home, event(1, { details: { text: 'x'.repeat(70_000) } })),
        BadInputError,
      );
      await assert.rejects(verifyAudit(home), MissingDataError);
    }));
});

describe('audit verify', () => {
  it('finds any byte that was changed, added or taken away, and names the line', () =>
    inHome(async (home) => {
      await tell(home, 4);
      const log = await logOf(home);
      const lineAt = (offset: number) => log.subarray(0, offset).filter((byte) => byte === 0x0a).length + 1;
      const change = fc.record({
        kind: fc.constantFrom('change' as const, 'add' as const, 'remove' as const, 'swap' as const),
        at: fc.nat(log.length - 1),
        by: fc.integer({ min: 1, max: 255 }),
      });
      await fc.assert(
        fc.asyncProperty(change, async ({ kind, at, by }) => {
          const head = log.subarray(0, at);
          const byte = log[at]!;
          const tail = log.subarray(at + 1);
          const other = Buffer.of((byte + by) & 255);
          const changed =
            kind === 'change'
              ? Buffer.concat([head, other, tail])
              : kind === 'add'
                ? Buffer.concat([head, other, Buffer.of(byte), tail])
                : kind === 'remove'
                  ? Buffer.concat([head, tail])
                  : Buffer.concat([head, tail.subarray(0, 1), Buffer.of(byte), tail.subarray(1)]);
          fc.pre(!changed.equals(log));
          const verdict = await verdictWith(home, LOG, changed);
          assert.equal(verdict.ok, false);
          assert.equal(verdict.badLine, lineAt(at));
        }),
        { numRuns: 300, seed: 6 },
      );
    }));

  it('finds every line that was removed, doubled, moved or put in, and names the first that is wrong', () =>
    inHome(async (home) => {
      await tell(home, 6);
      const lines = await linesOf(home);
      for (const [i, line] of lines.entries()) {
        const others = lines.toSpliced(i, 1);
        assert.equal((await verdictWith(home, LOG, joined(others))).badLine, i + 1, `without line ${i + 1}`);
        assert.equal(
          (await verdictWith(home, LOG, joined(lines.toSpliced(i, 0, line)))).badLine,
          i + 2,
          `line ${i + 1} twice`,
        );
        if (i === 0) continue;
        const swapped = joined(lines.with(i, lines[i - 1]!).with(i - 1, line));
        assert.equal((await verdictWith(home, LOG, swapped)).badLine, i, `lines ${i} and ${i + 1} swapped`);
        const cut = await verdictWith(home, LOG, joined(lines.slice(0, i)));
        assert.equal(cut.badLine, i + 1, `cut off after line ${i}`);
        assert.match(cut.problem!, /cut off/);
      }
    }));

  it('finds a line put behind the last, and a history that was written anew with true hashes', () =>
    inHome(async (home) => {
      await tell(home, 3);
      const lines = await linesOf(home);
      const entries = lines.map((line) => auditEntry.parse(JSON.parse(line)));
      const added = lineOf(linked(event(9), entries.at(-1)!));
      const verdict = await verdictWith(home, LOG, joined([...lines, added]));
      assert.equal(verdict.badLine, 5);
      assert.match(verdict.problem!, /knows nothing of it/);
      let last = entries[0]!;
      const anew = [last];
      for (const number of [1, 2, 30]) anew.push((last = linked(event(number), last)));
      const forged = await verdictWith(home, LOG, joined(anew.map(lineOf)));
      assert.equal(forged.ok, false);
      assert.match(forged.problem!, /written anew/);
    }));

  it('finds any byte of the head that was changed', () =>
    inHome(async (home) => {
      await tell(home, 2);
      const head = await readFile(home.path(HEAD));
      await fc.assert(
        fc.asyncProperty(fc.nat(head.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
          const changed = Buffer.from(head);
          changed[at] = (changed[at]! + by) & 255;
          assert.equal((await verdictWith(home, HEAD, changed)).ok, false);
        }),
        { numRuns: 120, seed: 6 },
      );
    }));

  it('finds an audit that was removed, with its head or without, and one that begins too late', () =>
    inHome(async (home) => {
      await tell(home, 2);
      const log = await logOf(home);
      await rm(home.path(LOG));
      assert.equal((await verifyAudit(home)).badLine, 1);
      await rm(home.path(HEAD));
      assert.match((await verifyAudit(home)).problem!, /no audit: it was removed/);
      await writeFile(home.path(LOG), log);
      assert.match((await verifyAudit(home)).problem!, /no audit\/head\.json/);
      await assert.rejects(appendAudit(home, event(3)), CorruptArtifactError);
      await rm(home.path(LOG));
      const publicKey = home.path('keys/home.pub.json');
      const made = await readFile(publicKey, 'utf8');
      await writeFile(publicKey, made.replace(/"createdAt": "\d+/, '"createdAt": "2025'));
      await tell(home, 1);
      assert.match((await verifyAudit(home)).problem!, /what was before was removed/);
    }));

  it('finds an earlier state of the whole audit by a head that was kept elsewhere', () =>
    inHome(async (home) => {
      await tell(home, 2);
      const [log, head] = [await logOf(home), await readFile(home.path(HEAD))];
      await appendAudit(home, event(3));
      const { head: kept } = await verifyAudit(home);
      assert.equal((await verifyAudit(home, kept!)).ok, true);
      await writeFile(home.path(LOG), log);
      await writeFile(home.path(HEAD), head);
      assert.equal((await verifyAudit(home)).ok, true);
      assert.match((await verifyAudit(home, kept!)).problem!, /earlier state/);
    }));

  it('goes on recording behind a cut, and goes on saying where it is', () =>
    inHome(async (home) => {
      await tell(home, 4);
      const lines = await linesOf(home);
      await writeFile(home.path(LOG), joined(lines.slice(0, 3)).slice(0, -5));
      await appendAudit(home, event(5));
      const verdict = await verifyAudit(home);
      assert.deepEqual([verdict.ok, verdict.badLine], [false, 3]);
      assert.equal(JSON.parse((await linesOf(home)).at(-1)!).details.version, 5);
    }));
});

describe('an append that a crash interrupts', () => {
  /** The state that a crash leaves after so many bytes of the line that the head announces. */
  async function crashed(home: Home, written: (line: string) => number): Promise<string> {
    await tell(home, 2);
    const head = (await readHead(home))!;
    const { sequence, hash, bytes } = head;
    const pending = linked(event(3), head);
    await writeHead(home, await homeKey(home), { sequence, hash, bytes, pending });
    const line = `${lineOf(pending)}\n`;
    await appendFile(home.path(LOG), line.slice(0, written(line)));
    return line;
  }

  for (const [name, written] of [
    ['before the line', () => 0],
    ['within the line', () => 40],
    ['before its end', (line: string) => line.length - 1],
    ['before the head is settled', (line: string) => line.length],
  ] as const) {
    it(`is no tampering, and the next append finishes it: ${name}`, () =>
      inHome(async (home) => {
        const line = await crashed(home, written);
        const verdict = await verifyAudit(home);
        assert.deepEqual([verdict.ok, verdict.unfinished], [true, true]);
        await appendAudit(home, event(4));
        const lines = await linesOf(home);
        assert.equal(`${lines[3]}\n`, line);
        assert.equal(lines.length, 5);
        assert.deepEqual([(await verifyAudit(home)).ok, (await verifyAudit(home)).unfinished], [true, false]);
      }));
  }

  it('does not cover for what else is cut off or put in', () =>
    inHome(async (home) => {
      await crashed(home, () => 40);
      const { length } = await logOf(home);
      await truncate(home.path(LOG), length - 60);
      assert.equal((await verifyAudit(home)).badLine, 3);
      await writeLines(home, [...(await linesOf(home)), 'x']);
      assert.equal((await verifyAudit(home)).badLine, 3);
    }));

  it('is told once by whoever tries again', () =>
    inHome(async (home) => {
      await crashed(home, () => 40);
      await appendAudit(home, event(3));
      assert.equal((await linesOf(home)).length, 4);
    }));
});

describe('the list of an audit', () => {
  it('is filtered by subject, who and since, and keeps the newest', () =>
    inHome(async (home) => {
      await tell(home, 3);
      await appendAudit(home, event(4, { who: 'bob', subject: 'schedule/retrain-day-ahead' }));
      const list = async (filter: object, limit = 10) => {
        const { entries, matched } = await listAudit(home, await auditBytes(home), filter, limit);
        return [matched, entries.map(({ sequence }) => sequence)];
      };
      assert.deepEqual(await list({ subject: 'model' }), [3, [1, 2, 3]]);
      assert.deepEqual(await list({ subject: 'model/day-ahead' }, 2), [3, [2, 3]]);
      assert.deepEqual(await list({ subject: 'model/day' }), [0, []]);
      assert.deepEqual(await list({ who: 'bob' }), [1, [4]]);
      assert.deepEqual(await list({ who: 'ada', since: event(2).at }), [2, [2, 3]]);
    }));
});

describe("the home's key", () => {
  it('is for its user alone, and made anew where only its public half came along', () =>
    inHome(async (home) => {
      await tell(home, 1);
      assert.equal((await stat(home.path('keys/home.key'))).mode & 0o777, 0o600);
      const before = await homeKey(home);
      await rm(home.path('keys/home.key'));
      await tell(home, 2);
      const after = await homeKey(home);
      assert.notEqual(after.keyId, before.keyId);
      const verdict = await verifyAudit(home);
      assert.deepEqual([verdict.ok, verdict.head!.keyId], [true, after.keyId]);
      const changed = (await linesOf(home))
        .map((line) => JSON.parse(line))
        .find(({ what }) => what === 'key-changed');
      assert.deepEqual(changed.details, { keyId: after.keyId, before: before.keyId });
    }));

  it('is said to be open where others on the machine may read it', () =>
    inHome(async (home) => {
      assert.equal(await openToOthers(home), null);
      await tell(home, 1);
      assert.equal(await openToOthers(home), null);
      await chmod(home.path('keys/home.key'), 0o644);
      const { says, cure } = (await openToOthers(home))!;
      assert.match(says, /may use the private key .*keys\/home\.key: its mode is 0644/);
      assert.match(cure, /`chmod 600 .*keys\/home\.key`/);
      const config = loadConfig({ home: home.root }, { environment: {} });
      assert.deepEqual(await checkKey(config), { what: 'private key', verdict: 'warn', detail: says, cure });
    }));

  it('is never shown where it is damaged', () =>
    inHome(async (home) => {
      await tell(home, 1);
      const path = home.path('keys/home.key');
      const secret = (await readFile(path, 'utf8')).split('\n')[1]!;
      await writeFile(path, `-----BEGIN PRIVATE KEY-----\nx${secret}\n-----END PRIVATE KEY-----\n`);
      await assert.rejects(
        appendAudit(home, event(2)),
        (error: CorruptArtifactError) =>
          error instanceof CorruptArtifactError && !`${error.line}${error.stack}`.includes(secret),
      );
    }));
});
