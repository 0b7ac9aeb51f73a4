import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StorageError } from '../../src/errors.ts';
import { manifestUri, onceByKey, writeContent } from '../../src/lake/artifacts.ts';
import { Home } from '../../src/lake/home.ts';

describe('work done once by its key', () => {
  let home: Home;
  beforeEach(async () => (home = await Home.open(mkdtempSync(join(tmpdir(), 'ringwatt-artifacts-')))));
  afterEach(() => rmSync(home.root, { recursive: true, force: true }));

  const once = async () => {
    const work = { kind: 'grid' as const, stage: 'x', version: 1, settings: {}, inputs: [] };
    const { manifest, reused } = await onceByKey(home, work, async () => ({
      files: [await writeContent(home, 'grid', 'txt', 'content')],
      rows: 1,
    }));
    const file = home.pathOf(manifest.files[0]!);
    return { reused, file, manifest: home.path(manifestUri('grid', manifest.key)) };
  };

  it('is done again when a file is gone or damaged, or the manifest is', async () => {
    const { file, manifest } = await once();
    assert.equal((await once()).reused, true);
    for (const harm of [
      () => rm(file),
      () => writeFile(file, 'x'),
      () => rm(manifest),
      () => writeFile(manifest, '{'),
    ]) {
      await harm();
      assert.equal((await once()).reused, false);
      assert.equal((await once()).reused, true);
    }
  });

  it('is not done again over what the disk refuses to read', async () => {
    const { file, manifest } = await once();
    const unreadable = (path: string, code: string) => (error: unknown) => {
      assert.ok(error instanceof StorageError);
      assert.equal(error.message, `Cannot read ${path} (${code}).`);
      return true;
    };
    await rm(file);
    await symlink(file, file);
    await assert.rejects(once(), unreadable(file, 'ELOOP'));
    await rm(manifest);
    await mkdir(manifest);
    await assert.rejects(once(), unreadable(manifest, 'EISDIR'));
  });
});
