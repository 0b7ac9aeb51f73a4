import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadInputError } from '../../src/errors.ts';
import { Home } from '../../src/lake/home.ts';
import { readRingTls } from '../../src/tls/host-files.ts';
import { AUTHORITY_FOLDER } from '../../src/tls/authority.ts';
import { certifyHosts } from '../../src/tls/hosts.ts';
import { checkHosts } from '../../src/tls/names.ts';
import { reasonOf, ringwatt } from '../cli/command.ts';

describe('certificates for hosts', () => {
  const made: string[] = [];
  const folder = async () => {
    const path = await mkdtemp(join(tmpdir(), 'ringwatt-certs-'));
    made.push(path);
    return path;
  };
  after(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))));

  const newHome = async () => Home.open(join(await folder(), 'home'));
  const order = (hosts: string[], out: string, renew = false) => ({ hosts, out, days: 30, renew });
  const certificateOf = async (out: string, host: string) =>
    new X509Certificate(await readFile(join(out, host, 'cert.pem')));

  it('are good for what a slot checks, for names and for addresses of both kinds', async () => {
    const [home, out] = [await newHome(), await folder()];
    const hosts = ['alpha', 'b-2.example', '10.0.0.2', 'fd00::12:1', '::ffff:1.2.3.4'];
    await certifyHosts(home, order(hosts, out));
    for (const host of hosts) await readRingTls(out, host);
    const { validFromDate, validToDate } = await certificateOf(out, 'alpha');
    const days = (validToDate.getTime() - validFromDate.getTime()) / 86_400_000;
    assert.ok(days > 30 && days < 30.1);
  });

  it('lie in folders that hold what a host needs and no authority key, all readable by their user alone', async () => {
    const [home, out] = [await newHome(), await folder()];
    await certifyHosts(home, order(['alpha'], out));
    assert.deepEqual((await readdir(out, { recursive: true })).sort(), [
      'alpha',
      'alpha/ca.pem',
      'alpha/cert.pem',
      'alpha/key.pem',
    ]);
    const authority = home.path(AUTHORITY_FOLDER);
    assert.deepEqual((await readdir(authority)).sort(), ['ca-key.pem', 'ca.pem']);
    for (const at of [join(out, 'alpha'), authority]) {
      assert.equal((await stat(at)).mode & 0o077, 0);
      for (const name of await readdir(at)) assert.equal((await stat(join(at, name))).mode & 0o777, 0o600);
    }
    const secret = await readFile(join(authority, 'ca-key.pem'), 'utf8');
    for (const name of await readdir(join(out, 'alpha')))
      assert.ok(!(await readFile(join(out, 'alpha', name), 'utf8')).includes(secret.split('\n')[1]!));
  });

  it('come from one authority, also for hosts that are added later, and are never overwritten unasked', async () => {
    const [home, out] = [await newHome(), await folder()];
    const first = await certifyHosts(home, order(['alpha'], out));
    const before = await readFile(join(out, 'alpha', 'key.pem'), 'utf8');
    const second = await certifyHosts(home, order(['beta'], out));
    assert.deepEqual([first.authority.made, second.authority.made], [true, false]);
    assert.equal((await readRingTls(out, 'alpha')).ca, (await readRingTls(out, 'beta')).ca);
    await assert.rejects(certifyHosts(home, order(['gamma', 'alpha'], out)), /for alpha already/);
    assert.deepEqual((await readdir(out)).sort(), ['alpha', 'beta']);
    assert.equal(await readFile(join(out, 'alpha', 'key.pem'), 'utf8'), before);
    await certifyHosts(home, order(['alpha'], out, true));
    assert.notEqual((await readRingTls(out, 'alpha')).key, before);
    assert.deepEqual((await readdir(out)).sort(), ['alpha', 'beta']);
  });

  it('come from one authority when two make them at once', async () => {
    const [home, out] = [await newHome(), await folder()];
    const done = await Promise.all(['alpha', 'beta'].map((host) => certifyHosts(home, order([host], out))));
    assert.deepEqual(done.map(({ authority }) => authority.made).sort(), [false, true]);
    assert.equal((await readRingTls(out, 'alpha')).ca, (await readRingTls(out, 'beta')).ca);
  });

  it('do not outlive the authority', async () => {
    const [home, out] = [await newHome(), await folder()];
    await certifyHosts(home, { ...order(['alpha'], out), days: 3650 });
    const { ca } = await readRingTls(out, 'alpha');
    assert.ok((await certificateOf(out, 'alpha')).validToDate <= new X509Certificate(ca).validToDate);
  });

  it('need a whole authority: half of one is not replaced in silence', async () => {
    const [home, out] = [await newHome(), await folder()];
    await certifyHosts(home, order(['alpha'], out));
    const key = home.path(AUTHORITY_FOLDER, 'ca-key.pem');
    const secret = await readFile(key);
    await rm(key);
    await assert.rejects(certifyHosts(home, order(['beta'], out)), /lacks ca-key\.pem/);
    await writeFile(key, secret);
    await chmod(key, 0o600);
    await writeFile(home.path(AUTHORITY_FOLDER, 'ca.pem'), 'rubbish');
    await assert.rejects(certifyHosts(home, order(['beta'], out)), /is no certificate/);
  });

  it('are for names that other hosts could call, and lead out of no folder', () => {
    for (const host of [
      '../alpha',
      'a/b',
      '',
      '.',
      '..',
      'a..b',
      '-a',
      'a b',
      '0.0.0.0',
      '::',
      'a'.repeat(64),
    ]) {
      assert.throws(() => checkHosts([host]), BadInputError, host);
    }
    assert.throws(() => checkHosts([]), BadInputError);
    assert.deepEqual(checkHosts(['a', 'b.c', 'a', '10.0.0.1']), ['a', 'b.c', '10.0.0.1']);
  });

  it('are made by the command line, which says which folder goes where', async () => {
    const home = join(await folder(), 'home');
    const { code, stdout } = await ringwatt(['certs', '--hosts', 'alpha,10.0.0.2', '--home', home, '--json']);
    assert.equal(code, 0);
    const { authority, certificates } = JSON.parse(stdout) as Awaited<ReturnType<typeof certifyHosts>>;
    assert.deepEqual(authority, { folder: join(home, 'tls-authority'), made: true });
    assert.deepEqual(
      certificates.map(({ host, folder: at }) => [host, at]),
      ['alpha', '10.0.0.2'].map((host) => [host, join(home, 'tls', host)]),
    );
    await readRingTls(join(home, 'tls'), '10.0.0.2');
    const again = await ringwatt(['certs', '--hosts', 'alpha', '--home', home]);
    assert.equal(again.code, 1);
    assert.match(reasonOf(again), /for alpha already.*--renew/);
  });
});
