import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { callLine } from '../../src/access/call-line.ts';
import { callLog, CALLS_FOLDER } from '../../src/access/call-log.ts';
import { auditReload } from '../../src/access/decisions.ts';
import { listAudit, auditBytes } from '../../src/audit/read.ts';
import type { CallEnded } from '../../src/serving/observer.ts';
import { keptLog, newHome } from './sample.ts';

const CALL: CallEnded = {
  requestId: 'r-1',
  door: 'grpc',
  caller: 'energy-desk',
  model: 'day-ahead',
  version: 2,
  label: 'stable',
  signature: 'serving_default',
  code: 'OK',
  seconds: 0.0123456,
  rows: 4,
  cached: false,
};
const today = () => new Date().toISOString().slice(0, 10);

describe('the line of a call', () => {
  it('is the JSON of what it says, whatever names there are', () => {
    const name = fc
      .array(fc.constantFrom(...'aZ0 -"\\/\n\0\u2028é☀\ud800'), { maxLength: 8 })
      .map((letters) => letters.join(''));
    const call = fc.record({
      requestId: name,
      door: fc.constantFrom('http' as const, 'rest' as const, 'grpc' as const),
      caller: name,
      model: fc.option(name, { nil: undefined }),
      version: fc.option(fc.maxSafeNat(), { nil: undefined }),
      label: fc.option(name, { nil: undefined }),
      signature: fc.option(name, { nil: undefined }),
      code: fc.constantFrom('OK' as const, 'NOT_FOUND' as const),
      seconds: fc.double({ min: 0, max: 1e4, noNaN: true }),
      rows: fc.nat(),
      cached: fc.option(fc.boolean(), { nil: undefined }),
    });
    fc.assert(
      fc.property(call, fc.integer({ min: 0, max: 4e12 }), (told, now) => {
        const { seconds, ...rest } = told;
        const ms = Math.round(seconds * 1e5) / 100;
        const line = callLine(told, now);
        assert.ok(line.endsWith('}\n'));
        const said = JSON.parse(JSON.stringify({ at: new Date(now), ...rest, ms })) as object;
        assert.deepEqual(JSON.parse(line), said);
      }),
    );
  });
});

describe('the log of calls', () => {
  it('has a line for each call with who, what and how it ended, in files of its user alone', async () => {
    const home = await newHome();
    const calls = await callLog(home, keptLog().log);
    const unknown = { ...CALL, requestId: 'r-2', model: undefined, code: 'NOT_FOUND' as const };
    for (const call of [CALL, unknown]) calls.callEnded(call);
    await calls[Symbol.asyncDispose]();
    const path = home.path(CALLS_FOLDER, `${today()}.jsonl`);
    const lines = (await readFile(path, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { seconds: _seconds, ...told } = CALL;
    assert.deepEqual({ ...lines[0], at: '' }, { at: '', ...told, ms: 12.35 });
    assert.deepEqual([lines[1].code, 'model' in lines[1]], ['NOT_FOUND', false]);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(home.path(CALLS_FOLDER))).mode & 0o777, 0o700);
  });

  it('of several processes keeps all lines whole, in parts of a size, of which the oldest go', async () => {
    const home = await newHome();
    const options = { everyMs: 1, partBytes: 20_000, totalBytes: 60_000 };
    const folder = home.path(CALLS_FOLDER);
    await mkdir(folder, { recursive: true });
    for (const name of ['2020-01-01.jsonl', '2020-01-01.1.jsonl', 'notes.txt'])
      await writeFile(join(folder, name), 'x\n');
    const processes = await Promise.all([1, 2].map(() => callLog(home, keptLog().log, options)));
    for (let i = 0; i < 600; i++) {
      for (const each of processes) each.callEnded({ ...CALL, requestId: `r-${i}` });
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    for (const each of processes) await each[Symbol.asyncDispose]();
    const names = (await readdir(folder)).toSorted();
    assert.ok(names.includes('notes.txt') && !names.some((name) => name.startsWith('2020')));
    const parts = names.filter((name) => name.startsWith(today()));
    assert.ok(parts.length >= 2 && !parts.includes(`${today()}.jsonl`), String(parts));
    let bytes = 0;
    for (const name of parts) {
      const text = await readFile(join(folder, name), 'utf8');
      bytes += text.length;
      for (const line of text.trimEnd().split('\n')) assert.equal(JSON.parse(line).caller, 'energy-desk');
    }
    assert.ok(bytes < 100_000, `${bytes}`);
  });

  it('keeps what waits within bounds, and says how many calls it could not keep, also after a full disk', async () => {
    const home = await newHome();
    const { lines, log } = keptLog();
    const calls = await callLog(home, log, { everyMs: 3_600_000, waiting: 10 });
    for (let i = 0; i < 25; i++) calls.callEnded(CALL);
    const folder = home.path(CALLS_FOLDER);
    // Where the folder was, a file stands: nothing can be written.
    await rm(folder, { recursive: true });
    await writeFile(folder, '');
    await calls[Symbol.asyncDispose]();
    assert.equal(lines.filter((line) => line.includes('cannot be logged')).length, 1);
    await rm(folder);
    calls.callEnded(CALL);
    await calls[Symbol.asyncDispose]();
    const written = (await readFile(join(folder, `${today()}.jsonl`), 'utf8')).trimEnd().split('\n');
    assert.equal(written.length, 2);
    assert.equal(JSON.parse(written[1]!).lost, 25);
    assert.ok(lines.some((line) => line.includes('logged again')));
    await chmod(folder, 0o700);
  });

  it('goes on in a folder that was taken away, and after a line that a full disk has cut off', async () => {
    const home = await newHome();
    const { lines, log } = keptLog();
    const calls = await callLog(home, log, { everyMs: 3_600_000 });
    const folder = home.path(CALLS_FOLDER);
    const written = async () => {
      calls.callEnded(CALL);
      await calls[Symbol.asyncDispose]();
      const names = await readdir(folder).catch(() => []);
      return names.toSorted();
    };
    const [first, next] = [`${today()}.jsonl`, `${today()}.1.jsonl`];
    assert.deepEqual(await written(), [first]);
    await rm(folder, { recursive: true });
    assert.deepEqual(await written(), []);
    assert.deepEqual(await written(), [first]);
    assert.equal((await readFile(join(folder, first), 'utf8')).includes('"lost":1'), true);
    // The disk is full, and has taken half of a line: here a folder stands where the file was.
    await rm(join(folder, first));
    await mkdir(join(folder, first));
    await written();
    await rm(join(folder, first), { recursive: true });
    await writeFile(join(folder, first), '{"at":"2026-');
    assert.deepEqual(await written(), [next, first]);
    for (const line of (await readFile(join(folder, next), 'utf8')).trimEnd().split('\n')) JSON.parse(line);
    assert.deepEqual(
      lines.map((line) => /cannot be logged|logged again/.exec(line)?.[0]),
      ['cannot be logged', 'logged again', 'cannot be logged', 'logged again'],
    );
  });

  it('leaves decisions to the audit', async () => {
    const home = await newHome();
    const caller = { name: 'ops', role: 'admin', identity: 'authenticated' } as const;
    const config = {
      name: 'day-ahead',
      source: { kind: 'registry', model: 'day-ahead' },
      policy: { kind: 'all' },
    } as const;
    await auditReload(home, { caller, door: 'grpc', requestId: 'r-9' }, [config]);
    const { entries } = await listAudit(home, await auditBytes(home), { subject: 'serving' }, 5);
    assert.deepEqual(
      entries.map(({ who, identity, what, from, details }) => [who, identity, what, from, details]),
      [
        [
          'ops',
          'authenticated',
          'serving-reloaded',
          'grpc',
          { requestId: 'r-9', models: ['day-ahead (all)'] },
        ],
      ],
    );
  });
});
