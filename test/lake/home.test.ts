import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadInputError, CorruptArtifactError, StorageError } from '../../src/errors.ts';
import { storageFailure } from '../../src/lake/storage-failure.ts';
import { Home, LAKE_FORMAT_VERSION } from '../../src/lake/home.ts';

describe('home', () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'ringwatt-home-'))));
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  for (const found of ['-3', '0', '1.5', '"1"', 'null']) {
    it(`takes ${found} for no format version`, async () => {
      writeFileSync(join(root, 'lake.json'), `{"formatVersion":${found}}`);
      await assert.rejects(Home.open(root), CorruptArtifactError);
    });
  }

  it('refuses a newer format as newer, and opens its own', async () => {
    writeFileSync(join(root, 'lake.json'), `{"formatVersion":${LAKE_FORMAT_VERSION + 1}}`);
    await assert.rejects(Home.open(root), BadInputError);
    writeFileSync(join(root, 'lake.json'), `{"formatVersion":${LAKE_FORMAT_VERSION}}`);
    assert.equal((await Home.open(root)).root, root);
  });

  it('never says that it needs nothing where a byte is missing', async () => {
    const home = await Home.open(root);
    await assert.rejects(home.requireFreeSpace(2 ** 52 + 1, 'It'), {
      name: 'StorageError',
      message: new RegExp(`^It needs ${2 ** 32 + 1} MiB of disk, .* has \\d+ MiB left\\.$`),
    });
  });
});

describe('storage failure', () => {
  const thrownBy = (work: () => void): unknown => {
    try {
      work();
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it('says what to do where no folder can be made', () => {
    // Node tells a read-only file system, and here the one of processes, by ENOENT.
    const error = thrownBy(() => mkdirSync('/proc/ringwatt'));
    const failure = storageFailure(error, '/proc/ringwatt');
    assert.ok(failure instanceof StorageError);
    assert.match(failure.line, /^Cannot write \/proc\/ringwatt \(E[A-Z]+\)\..*choose another --home\.$/);
  });

  it('has nothing to say of a file that is not there', () => {
    const error = thrownBy(() => readFileSync('/proc/ringwatt'));
    assert.equal(storageFailure(error, '/proc/ringwatt'), undefined);
  });

  it('says so where no folder can be made, instead of trying for ever', async function () {
    // A file system that answers ENOENT to mkdir below a folder that is there; only Linux has this one.
    if (process.platform !== 'linux') this.skip();
    await assert.rejects(Home.open('/proc/ringwatt/home'), { name: 'StorageError', message: /ENOENT/ });
  });
});
