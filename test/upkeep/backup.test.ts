import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { appendAudit } from '../../src/audit/append.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import { writeFileAtomic } from '../../src/lake/atomic-write.ts';
import { Home } from '../../src/lake/home.ts';
import { homeKey } from '../../src/signing/home-key.ts';
import { event, tell } from '../audit/sample-audit.ts';
import { backUp, restore } from '../../src/upkeep/backup.ts';
import { urisIn } from '../../src/upkeep/references.ts';

const quiet = { signal: new AbortController().signal, progress() {} };

describe('backup and restore', () => {
  let folder: string;
  let home: Home;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ringwatt-backup-'));
    home = await Home.open(join(folder, 'home'));
    await writeFileAtomic(home.path('manifests/grid/0123456789abcdef.json'), '{"kind":"grid"}');
    await writeFileAtomic(home.path('models/day-ahead/champion.json'), '{"version":1}');
    await writeFileAtomic(home.path('grid/region=PACW/year=2018/a.parquet'), 'rows');
    await writeFileAtomic(home.path('logs/temporal.log'), 'much');
    await writeFileAtomic(home.path('run/lock.json'), '{}');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('gives the same home back, without what belonged to its processes', async () => {
    await backUp(home, join(folder, 'backup'), quiet);
    await restore(join(folder, 'backup'), join(folder, 'again'), quiet);
    for (const uri of [
      'manifests/grid/0123456789abcdef.json',
      'models/day-ahead/champion.json',
      'lake.json',
    ]) {
      assert.deepEqual(readFileSync(join(folder, 'again', uri)), readFileSync(home.path(uri)), uri);
    }
    assert.equal(readFileSync(join(folder, 'again/grid/region=PACW/year=2018/a.parquet'), 'utf8'), 'rows');
    assert.ok(!existsSync(join(folder, 'again/logs')));
    assert.ok(!existsSync(join(folder, 'again/run')));
  });

  it('keeps when a manifest was written, by which the newest is found', async () => {
    const uri = 'manifests/grid/0123456789abcdef.json';
    const writtenAt = new Date('2024-06-01T00:00:00Z');
    utimesSync(home.path(uri), writtenAt, writtenAt);
    await backUp(home, join(folder, 'backup'), quiet);
    await restore(join(folder, 'backup'), join(folder, 'again'), quiet);
    assert.deepEqual(statSync(join(folder, 'again', uri)).mtime, writtenAt);
  });

  it('takes a database that is being written as of one moment', async () => {
    const writer = new DatabaseSync(home.path('temporal.db'));
    writer.exec('pragma journal_mode=wal; create table t (x); begin; insert into t values (1), (2); commit;');
    writer.exec('begin; insert into t values (3)');
    await backUp(home, join(folder, 'backup'), quiet);
    writer.exec('commit');
    writer.close();
    await restore(join(folder, 'backup'), join(folder, 'again'), quiet);
    const copy = new DatabaseSync(join(folder, 'again', 'temporal.db'));
    assert.deepEqual({ ...copy.prepare('select count(*) as n from t').get() }, { n: 2 });
    copy.close();
  });

  it('holds all that its database, its champion and its manifests name, whatever is written meanwhile', async () => {
    const database = new DatabaseSync(home.path('temporal.db'));
    database.exec('pragma journal_mode=wal; create table t (manifest)');
    let made = 0;
    // Between any two files a run writes a dataset, its manifest, who names it: a row of the database, a champion.
    const progress = () => {
      made += 1;
      if (made > 4) return;
      const manifest = `manifests/grid/${String(made).padStart(16, '0')}.json`;
      const data = `grid/region=PACW/year=2018/${made}.parquet`;
      for (const [uri, text] of [
        [data, 'rows'],
        [manifest, JSON.stringify({ kind: 'grid', files: [{ uri: data }] })],
        [`models/day-ahead/${made}/version.json`, JSON.stringify({ grid: { uri: manifest } })],
        ['models/day-ahead/champion.json', JSON.stringify({ version: made })],
      ] as const) {
        mkdirSync(dirname(home.path(uri)), { recursive: true });
        writeFileSync(home.path(uri), text);
      }
      database.prepare('insert into t values (?)').run(manifest);
    };
    const { files } = await backUp(home, join(folder, 'backup'), { ...quiet, progress });
    database.close();
    assert.ok(made > 4, 'the run was over before the backup');
    const held = new Set(files.map(({ uri }) => uri));
    const read = (uri: string) => readFileSync(join(folder, 'backup', uri), 'utf8');
    const { version } = JSON.parse(read('models/day-ahead/champion.json')) as { version: number };
    assert.ok(held.has(`models/day-ahead/${version}/version.json`), `version ${version}`);
    const copy = new DatabaseSync(join(folder, 'backup', 'temporal.db'));
    const rows = copy
      .prepare('select manifest from t')
      .all()
      .map(({ manifest }) => String(manifest));
    copy.close();
    assert.ok(rows.length > 0);
    const pointed = [...held]
      .filter((uri) => /^(manifests|models\/.*version)/.test(uri))
      .flatMap((uri) => urisIn(read(uri)));
    for (const uri of [...rows, ...pointed]) assert.ok(held.has(uri), uri);
  });

  it('carries audit, public keys, jobs, alerts and A/B tests, and the private key only when asked', async () => {
    await tell(home, 2);
    const uris = ['jobs/day-ahead.jsonl', 'alerts/state.json', 'ab-tests/x/outcomes.jsonl', 'schedules.json'];
    for (const uri of uris) await writeFileAtomic(home.path(uri), uri);
    await backUp(home, join(folder, 'backup'), quiet);
    assert.ok(!existsSync(join(folder, 'backup/keys/home.key')));
    await restore(join(folder, 'backup'), join(folder, 'again'), quiet);
    const again = await Home.open(join(folder, 'again'));
    for (const uri of uris) assert.equal(readFileSync(again.path(uri), 'utf8'), uri);
    assert.equal((await verifyAudit(again)).ok, true);
    // Without the private half it signs with a key of its own from here on, which the audit says.
    await tell(again, 3);
    assert.equal((await verifyAudit(again)).ok, true);
    assert.match(readFileSync(again.path('audit/log.jsonl'), 'utf8'), /key-changed/);

    await backUp(home, join(folder, 'whole'), { ...quiet, withKeys: true });
    await restore(join(folder, 'whole'), join(folder, 'same'), quiet);
    const same = await Home.open(join(folder, 'same'));
    assert.equal(statSync(same.path('keys/home.key')).mode & 0o777, 0o600);
    assert.equal((await homeKey(same)).keyId, (await homeKey(home)).keyId);
  });

  it('takes an audit as of one moment, whatever is told meanwhile', async () => {
    await tell(home, 3);
    let told = 10;
    // Between the head and the log another line is told, and then another.
    const progress = () =>
      void (telling = telling.then(() => appendAudit(home, event(told++))).then(() => {}));
    let telling: Promise<void> = Promise.resolve();
    await backUp(home, join(folder, 'backup'), { ...quiet, progress });
    await telling;
    await restore(join(folder, 'backup'), join(folder, 'again'), quiet);
    const verdict = await verifyAudit(await Home.open(join(folder, 'again')));
    assert.deepEqual([verdict.ok, verdict.problem], [true, null]);
  });

  it('refuses a backup with a changed file, and leaves no home behind', async () => {
    await backUp(home, join(folder, 'backup'), quiet);
    writeFileSync(join(folder, 'backup/grid/region=PACW/year=2018/a.parquet'), 'rowz');
    await assert.rejects(restore(join(folder, 'backup'), join(folder, 'again'), quiet), (error: unknown) => {
      assert.ok(error instanceof CorruptArtifactError);
      assert.match(error.message, /a\.parquet is not what the backup's index says/);
      return true;
    });
    assert.ok(!existsSync(join(folder, 'again')));
  });

  it('refuses one that was cut off before its index', async () => {
    const stopped = new AbortController();
    const progress = (done: number) => done === 2 && stopped.abort();
    await assert.rejects(backUp(home, join(folder, 'backup'), { signal: stopped.signal, progress }));
    await assert.rejects(restore(join(folder, 'backup'), join(folder, 'again'), quiet), MissingDataError);
  });

  it('overwrites nothing', async () => {
    await backUp(home, join(folder, 'backup'), quiet);
    await assert.rejects(backUp(home, join(folder, 'backup'), quiet), BadInputError);
    await assert.rejects(restore(join(folder, 'backup'), home.root, quiet), BadInputError);
    assert.equal(readFileSync(home.path('logs/temporal.log'), 'utf8'), 'much');
  });
});
