import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { loadConfig } from '../../src/config/config.ts';
import { InUseError, StorageError } from '../../src/errors.ts';
import { startDetached } from '../../src/stack/detach.ts';
import { lockHome } from '../../src/stack/home-lock.ts';
import { LogFile, lineSplitter } from '../../src/stack/log-file.ts';
import { freePort, isListening, requireFreePort } from '../../src/stack/ports.ts';
import { identify, isAlive, ownIdentity } from '../../src/stack/process-identity.ts';
import { temporaryHome } from './samples.ts';

describe('ports', () => {
  it('refuses a port in use by its number, its use and the flag that changes it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    assert.equal(await isListening(port), true);
    await assert.rejects(requireFreePort(port, 'the Temporal UI', '--ui-port'), (error: unknown) => {
      assert.ok(error instanceof InUseError);
      assert.match(error.line, new RegExp(`Port ${port}, wanted for the Temporal UI, is in use.*--ui-port`));
      return true;
    });
    server.close();
  });

  it('finds one that nobody listens on', async () => {
    const port = await freePort();
    assert.equal(await isListening(port), false);
    assert.equal(await requireFreePort(port, 'x', '--x'), port);
  });
});

describe('home lock', () => {
  it('is taken over from a process that is gone, even when its number was given away again', async () => {
    const { home, remove } = await temporaryHome();
    const path = home.path('run', 'lock.json');
    mkdirSync(home.path('run'), { recursive: true });
    writeFileSync(path, JSON.stringify({ pid: process.pid, started: 'long ago', purpose: 'up' }));
    const lock = lockHome(home, 'a test');
    assert.equal((JSON.parse(readFileSync(path, 'utf8')) as { purpose: string }).purpose, 'a test');
    lock.release();
    assert.equal(existsSync(path), false);
    remove();
  });

  it('is taken over when its file was cut off', async () => {
    const { home, remove } = await temporaryHome();
    mkdirSync(home.path('run'), { recursive: true });
    writeFileSync(home.path('run', 'lock.json'), '{"pid": 1');
    lockHome(home, 'a test').release();
    remove();
  });
});

describe('start in the background', () => {
  it('says what to do where the home cannot be written', async () => {
    const { home, remove } = await temporaryHome();
    symlinkSync('/proc/ringwatt', home.path('run'));
    const started = startDetached(home, loadConfig({}, { environment: {} }), {
      signal: new AbortController().signal,
      say() {},
    });
    await assert.rejects(started, (error: unknown) => {
      assert.ok(error instanceof StorageError, String(error));
      assert.match(error.line, /up\.out \(E[A-Z]+\)\..*choose another --home/);
      return true;
    });
    remove();
  });
});

describe('process identity', () => {
  it('knows a process from another with the same number', () => {
    const own = ownIdentity();
    assert.deepEqual(identify(process.pid), own);
    assert.equal(isAlive(own), true);
    assert.equal(isAlive({ ...own, started: 'at another time' }), false);
    assert.equal(identify(2 ** 22 + 1), undefined);
  });
});

describe('log file', () => {
  it('is put aside when it is full, and three old ones are kept', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringwatt-log-'));
    const path = join(folder, 'x.log');
    const log = new LogFile(path, 200);
    for (let number = 0; number < 20; number += 1) log.line(`{"number":${number},"pad":"${'x'.repeat(60)}"}`);
    log.close();
    const newest = readFileSync(path, 'utf8').trim().split('\n').at(-1)!;
    assert.equal((JSON.parse(newest) as { number: number }).number, 19);
    assert.ok(existsSync(`${path}.3`));
    assert.ok(!existsSync(`${path}.4`));
    assert.ok(readFileSync(path).length <= 200);
    rmSync(folder, { recursive: true });
  });

  it('drops and counts what a full disk does not take, and goes on when there is room', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringwatt-log-'));
    const path = join(folder, 'x.log');
    symlinkSync('/dev/full', path);
    const log = new LogFile(path);
    for (let number = 0; number < 3; number += 1) log.event('info', `lost ${number}`);
    rmSync(path);
    log.event('info', 'kept');
    log.close();
    const events = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string; lines?: number });
    assert.deepEqual(
      events.map(({ msg, lines }) => [msg, lines]),
      [
        ['lines were lost: the disk did not take them', 3],
        ['kept', undefined],
      ],
    );
    rmSync(folder, { recursive: true });
  });

  it('cuts any stream into the same lines, however it arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z ]*$/)), fc.nat({ max: 7 }), (lines, size) => {
        const text = lines.map((line) => `${line}\n`).join('');
        const got: string[] = [];
        const splitter = lineSplitter((line) => got.push(line));
        for (let at = 0; at < text.length; at += size + 1) splitter.push(text.slice(at, at + size + 1));
        splitter.flush();
        assert.deepEqual(got, lines);
      }),
    );
  });
});
