import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listAudit, auditBytes } from '../../src/audit/read.ts';
import { BadInputError } from '../../src/errors.ts';
import { checkAccess, openGate } from '../../src/access/gate.ts';
import { accessOptions, type AccessOptions } from '../../src/access/options.ts';
import { API_KEYS_URI, createApiKey, listApiKeys, revokeApiKey } from '../../src/access/key-file.ts';
import { BY, FAR, LOCALLY, OFF_LOOPBACK, gateOf, keptLog, newFolder, newHome, refusedAs } from './sample.ts';

describe('who is let in', () => {
  it('on loopback everybody, until the first key is made, and not again after the last is revoked', async () => {
    const home = await newHome();
    const gate = await gateOf(home, {});
    const local = await gate.admit(LOCALLY, 'admin');
    assert.deepEqual(local, { name: 'local', role: 'admin', identity: 'claimed' });
    await assert.rejects(gate.admit(FAR, 'viewer'), refusedAs('UNAUTHENTICATED', /Say who you are/));
    const { record } = await createApiKey(home, { name: 'desk', role: 'viewer' }, BY);
    await assert.rejects(gate.admit(LOCALLY, 'viewer'), refusedAs('UNAUTHENTICATED', /x-api-key/));
    await revokeApiKey(home, record.id, BY);
    await assert.rejects(gate.admit(LOCALLY, 'viewer'), refusedAs('UNAUTHENTICATED', /x-api-key/));
  });

  it('of nobody is asked who they are, a page of another site is not let in', async () => {
    const gate = await gateOf(await newHome(), {});
    await assert.rejects(
      gate.admit({ ...LOCALLY, foreign: true }, 'viewer'),
      refusedAs('PERMISSION_DENIED', /another site/),
    );
  });

  it('off loopback who has a key, by either header, with what its role may do', async () => {
    const home = await newHome();
    const { key } = await createApiKey(home, { name: 'desk', role: 'operator' }, BY);
    const gate = await gateOf(home, OFF_LOOPBACK);
    const caller = { name: 'desk', role: 'operator', identity: 'authenticated' };
    assert.deepEqual(await gate.admit({ ...FAR, apiKey: key }, 'viewer'), caller);
    assert.deepEqual(await gate.admit({ ...FAR, authorization: `Bearer ${key}` }, 'operator'), caller);
    await assert.rejects(
      gate.admit({ ...FAR, apiKey: key }, 'approver'),
      refusedAs('PERMISSION_DENIED', /needs the role approver; the caller is operator/),
    );
    await assert.rejects(gate.admit(LOCALLY, 'viewer'), refusedAs('UNAUTHENTICATED', /Say who you are/));
  });

  it('no key that is changed in one letter, of another home, cut off, or sent twice; nobody is told which', async () => {
    const [home, other] = [await newHome(), await newHome()];
    const { key } = await createApiKey(home, { name: 'desk', role: 'admin' }, BY);
    const { key: foreign } = await createApiKey(other, { name: 'desk', role: 'admin' }, BY);
    const gate = await gateOf(home, OFF_LOOPBACK);
    const last = key.at(-1) === 'A' ? 'E' : 'A';
    const wrong = [
      key.slice(0, -1) + last,
      foreign,
      key.slice(0, -1),
      `${key}, ${key}`,
      '',
      'rw_',
      `${key} `,
    ];
    for (const apiKey of wrong) {
      await assert.rejects(
        gate.admit({ ...FAR, apiKey }, 'viewer'),
        refusedAs('UNAUTHENTICATED', /^This API key is not known here\.$/),
      );
    }
    for (const authorization of ['Basic YTpi', 'Bearer', `Bearer a b`, key]) {
      await assert.rejects(
        gate.admit({ ...FAR, authorization }, 'viewer'),
        refusedAs('UNAUTHENTICATED', /must be `Bearer`/),
      );
    }
    await assert.rejects(
      gate.admit({ ...FAR, apiKey: key, authorization: `Bearer ${key}` }, 'viewer'),
      refusedAs('UNAUTHENTICATED', /Two headers/),
    );
  });

  it('a key that was made a moment ago, however seldom the file is looked at', async () => {
    const home = await newHome();
    await createApiKey(home, { name: 'first', role: 'viewer' }, BY);
    const gate = await openGate(home, accessOptions.parse({}) as AccessOptions, keptLog().log, {
      checkMs: 3_600_000,
    });
    const { key } = await createApiKey(home, { name: 'second', role: 'viewer' }, BY);
    assert.equal((await gate.admit({ ...LOCALLY, apiKey: key }, 'viewer')).name, 'second');
  });

  it('no key from the moment on that it is revoked or over, without a restart', async () => {
    const home = await newHome();
    const kept = await createApiKey(home, { name: 'kept', role: 'viewer' }, BY);
    const lost = await createApiKey(home, { name: 'lost', role: 'viewer' }, BY);
    const gate = await gateOf(home, OFF_LOOPBACK);
    await gate.admit({ ...FAR, apiKey: lost.key }, 'viewer');
    await revokeApiKey(home, lost.record.id, BY);
    await assert.rejects(
      gate.admit({ ...FAR, apiKey: lost.key }, 'viewer'),
      refusedAs('UNAUTHENTICATED', /was revoked/),
    );
    await gate.admit({ ...FAR, apiKey: kept.key }, 'viewer');

    const text = await readFile(home.path(API_KEYS_URI), 'utf8');
    await writeFile(
      home.path(API_KEYS_URI),
      text.replace('"expires": null', '"expires": "2026-01-01T00:00:00Z"'),
    );
    await assert.rejects(
      gate.admit({ ...FAR, apiKey: kept.key }, 'viewer'),
      refusedAs('UNAUTHENTICATED', /expired at 2026-01-01/),
    );
  });

  it('nobody while the file of keys is damaged, may be written by others or is gone, which the log says once', async () => {
    const home = await newHome();
    const { key } = await createApiKey(home, { name: 'desk', role: 'viewer' }, BY);
    const { lines, log } = keptLog();
    const gate = await gateOf(home, {}, log);
    const path = home.path(API_KEYS_URI);
    const whole = await readFile(path, 'utf8');
    const asked = { ...LOCALLY, apiKey: key };
    const unavailable = refusedAs('UNAVAILABLE', /damaged/);
    await gate.admit(asked, 'viewer');

    await writeFile(path, whole.slice(0, -20));
    for (let i = 0; i < 3; i++) await assert.rejects(gate.admit(asked, 'viewer'), unavailable);
    await assert.rejects(gate.admit(LOCALLY, 'viewer'), refusedAs('UNAUTHENTICATED', /Say who/));
    await writeFile(path, whole);
    await gate.admit(asked, 'viewer');
    await chmod(path, 0o622);
    await assert.rejects(gate.admit(asked, 'viewer'), unavailable);
    await chmod(path, 0o600);
    await gate.admit(asked, 'viewer');
    await rm(path);
    await assert.rejects(gate.admit(asked, 'viewer'), unavailable);
    await assert.rejects(gate.admit(LOCALLY, 'viewer'), refusedAs('UNAUTHENTICATED', /Say who/));
    assert.equal(lines.filter((line) => line.includes('"error"')).length, 3);
    assert.ok(!lines.join('').includes(key.slice(-43)));
  });

  it('nobody through a process that begins after the list of keys was lost', async () => {
    const home = await newHome();
    const options = accessOptions.parse({}) as AccessOptions;
    const { log } = keptLog();
    const before = await checkAccess(home, options, log);
    await (await openGate(home, before, log)).admit(LOCALLY, 'admin');
    await createApiKey(home, { name: 'kept', role: 'viewer' }, BY);
    const asked = await checkAccess(home, options, log);
    await rm(home.path(API_KEYS_URI));
    const later = await openGate(home, asked, log);
    await assert.rejects(later.admit(LOCALLY, 'viewer'), refusedAs('UNAUTHENTICATED', /Say who you are/));
  });

  it('sees a change that leaves size and time of the file as they were', async () => {
    const home = await newHome();
    const { key } = await createApiKey(home, { name: 'desk', role: 'viewer' }, BY);
    const gate = await gateOf(home, OFF_LOOPBACK);
    const path = home.path(API_KEYS_URI);
    const [text, before] = [await readFile(path, 'utf8'), await stat(path)];
    await gate.admit({ ...FAR, apiKey: key }, 'viewer');
    await writeFile(path, text.replace(/"hash": "./, `"hash": "${/"hash": "0/.test(text) ? 1 : 0}`));
    await utimes(path, before.atime, before.mtime);
    await assert.rejects(
      gate.admit({ ...FAR, apiKey: key }, 'viewer'),
      refusedAs('UNAUTHENTICATED', /not known/),
    );
  });

  it('a client certificate by its name, where a role was given to it; a wrong key beside it is wrong', async () => {
    const home = await newHome();
    const roles = join(await newFolder(), 'roles.json');
    await writeFile(roles, '{"energy-desk": "operator"}', { mode: 0o600 });
    const tls = { cert: 'c', key: 'k', clientCa: 'ca' };
    const gate = await gateOf(home, { host: '0.0.0.0', tls, certificateRoles: roles });
    const caller = await gate.admit({ ...FAR, certificate: 'energy-desk' }, 'operator');
    assert.equal(caller.name, 'energy-desk');
    for (const certificate of ['Energy-Desk', '__proto__', 'toString']) {
      await assert.rejects(
        gate.admit({ ...FAR, certificate }, 'viewer'),
        refusedAs('PERMISSION_DENIED', /no role/),
      );
    }
    await assert.rejects(
      gate.admit({ ...FAR, certificate: 'energy-desk', apiKey: 'rw_wrong' }, 'viewer'),
      refusedAs('UNAUTHENTICATED', /not known/),
    );
    await rm(roles);
    await assert.rejects(
      gate.admit({ ...FAR, certificate: 'energy-desk' }, 'viewer'),
      refusedAs('UNAVAILABLE', /cannot be read/),
    );
  });

  it('each key so often as it may, with when to come again; others are not slowed by it', async () => {
    const home = await newHome();
    const busy = await createApiKey(home, { name: 'busy', role: 'viewer' }, BY);
    const other = await createApiKey(home, { name: 'other', role: 'viewer' }, BY);
    const gate = await gateOf(home, { ...OFF_LOOPBACK, requestsPerMinute: 1, burst: 3 });
    for (let i = 0; i < 4; i++) await gate.admit({ ...FAR, apiKey: busy.key }, 'viewer');
    await assert.rejects(
      gate.admit({ ...FAR, apiKey: busy.key }, 'viewer'),
      (error: { retryAfter?: number }) => {
        assert.ok(refusedAs('RESOURCE_EXHAUSTED', /Try again in \d+ s/)(error));
        return error.retryAfter! >= 1 && error.retryAfter! <= 60;
      },
    );
    await gate.admit({ ...FAR, apiKey: other.key }, 'viewer');
    const strict = await gateOf(home, { ...OFF_LOOPBACK, requestsPerMinute: 1, burst: 0 });
    await strict.admit({ ...FAR, apiKey: busy.key }, 'viewer');
    await assert.rejects(
      strict.admit({ ...FAR, apiKey: busy.key }, 'viewer'),
      refusedAs('RESOURCE_EXHAUSTED', /More/),
    );
  });

  it('an address that guesses is told to wait, and a right key from there still works', async () => {
    const home = await newHome();
    const { key } = await createApiKey(home, { name: 'desk', role: 'viewer' }, BY);
    const { lines, log } = keptLog();
    const gate = await gateOf(home, { ...OFF_LOOPBACK, failuresPerMinute: 3 }, log);
    const guess = (address: string) => gate.admit({ address, apiKey: 'rw_guess' }, 'viewer');
    const wait = refusedAs('RESOURCE_EXHAUSTED', /wrong keys or tokens/);
    for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:9::3']) {
      await assert.rejects(guess(address), refusedAs('UNAUTHENTICATED', /not known/));
    }
    // Another address of the same line, of which it has 2⁶⁴.
    await assert.rejects(guess('2001:db8::ffff'), wait);
    await assert.rejects(guess('2001:db8:0:1::1'), refusedAs('UNAUTHENTICATED', /not known/));
    await gate.admit({ address: '2001:db8::1', apiKey: key }, 'viewer');
    const told = lines.map((line) => (JSON.parse(line) as { address: string }).address);
    assert.deepEqual(told, ['2001:db8::1', '2001:db8:0:0:9::3', '2001:db8:0:1::1']);
    assert.ok(!lines.join('').includes('guess'));
  });
});

describe('keys at rest', () => {
  it('are hashes in a file of its user alone; what was done stands in the audit, without the key', async () => {
    const home = await newHome();
    const { key, record } = await createApiKey(home, { name: 'desk', role: 'viewer' }, BY);
    assert.match(key, /^rw_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/);
    const path = home.path(API_KEYS_URI);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await revokeApiKey(home, record.id, BY);
    const { entries } = await listAudit(home, await auditBytes(home), { subject: 'api-key' }, 10);
    assert.deepEqual(entries.map(({ what, who, why }) => [what, who, why]), [
      ['api-key-created', 'alice', 'a test'],
      ['api-key-revoked', 'alice', 'a test'],
    ]); // prettier-ignore
    const secret = key.slice(12);
    for (const text of [await readFile(path, 'utf8'), await readFile(home.path('audit/log.jsonl'), 'utf8')]) {
      for (const part of [secret, secret.slice(0, 8), secret.slice(-8)]) assert.ok(!text.includes(part));
    }
  });

  it('of several that are made at once none is lost, and a name in use is refused', async () => {
    const home = await newHome();
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => createApiKey(home, { name, role: 'viewer' }, BY)));
    assert.deepEqual((await listApiKeys(home)).map(({ name }) => name).toSorted(), names);
    await assert.rejects(createApiKey(home, { name: 'a', role: 'admin' }, BY), /named a already/);
    await assert.rejects(createApiKey(home, { name: '../x', role: 'admin' }, BY), /no name of a key/);
  });
});

describe('doors that others can reach', () => {
  it('do not open while nobody could say who they are, or all could be read, and the cure is named', async () => {
    const home = await newHome();
    const refused = (text: RegExp) => (error: unknown) =>
      error instanceof BadInputError && text.test(error.line);
    for (const host of ['0.0.0.0', '::', '10.1.2.3', 'forecasts.example']) {
      await assert.rejects(gateOf(home, { host }), refused(/api-key create NAME --role viewer/));
      await assert.rejects(gateOf(home, { host, insecurePlaintext: true }), refused(/api-key create/));
    }
    const { record } = await createApiKey(home, { name: 'desk', role: 'viewer' }, BY);
    await assert.rejects(gateOf(home, { host: '::' }), refused(/certs --server NAME.*--insecure-plaintext/));
    await gateOf(home, { host: '::', tls: { cert: 'c', key: 'k' } });
    await gateOf(home, { host: '::', insecurePlaintext: true });
    await revokeApiKey(home, record.id, BY);
    await assert.rejects(gateOf(home, { host: '::', insecurePlaintext: true }), refused(/api-key create/));
    const noAuthority = { tls: { cert: 'c', key: 'k' }, certificateRoles: 'roles.json' };
    await assert.rejects(gateOf(home, noAuthority), refused(/--tls-client-ca/));
    const unreadable = accessOptions.parse({ tls: { cert: 'nowhere.pem', key: 'k' } });
    await assert.rejects(
      checkAccess(home, unreadable, keptLog().log),
      refused(/nowhere\.pem cannot be read/),
    );
  });

  it('on loopback open without anything', async () => {
    const home = await newHome();
    await mkdir(home.path('serving'), { recursive: true });
    for (const host of ['127.0.0.1', '::1', 'localhost', '127.0.0.5']) await gateOf(home, { host });
  });
});
