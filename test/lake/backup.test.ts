import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ingestionInput } from '../../src/contracts/ingestion.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { backup, verifyBackup } from '../../src/lake/backup.ts';
import { openRegion } from '../../src/lake/grid.ts';
import { Home } from '../../src/lake/home.ts';
import { restore } from '../../src/lake/restore.ts';
import { archive, contextOf, ingest, temporaryHome } from '../sources/support.ts';

const INPUT = ingestionInput.parse({ mode: 'test', regions: ['CISO'] });

async function filledHome() {
  const home = await temporaryHome();
  await using server = await archive();
  const { result } = await ingest(contextOf(home, server.url), INPUT);
  return Object.assign(home, { dataset: result.dataset });
}

describe('backup and restore', () => {
  it('brings a lake back in another place, as usable as it was', async () => {
    await using home = await filledHome();
    await using elsewhere = await temporaryHome();
    await mkdir(home.path('run'));
    await writeFile(home.path('run', 'lock.json'), '{"pid":1}');
    await writeFile(home.path('temporal.db'), 'of the running server');
    const target = join(elsewhere.root, 'backup');
    const made = await backup(home, target);
    assert.ok(made.files > 5);
    const root = join(elsewhere.root, 'restored');
    const summary = await restore(target, root);
    assert.deepEqual(summary, { ...made, path: root, replaced: null });
    const restored = await Home.open(root);
    await openRegion(restored, await readManifest(restored, home.dataset), 'CISO');
    assert.deepEqual((await readdir(root)).sort(), ['grid', 'lake.json', 'manifests', 'raw']);

    await using server = await archive();
    const { totals } = await ingest(contextOf(restored, server.url), INPUT);
    assert.equal(totals.pagesReused, totals.pages);
    assert.equal(server.requests(), 0);
  });

  it('checks every hash before it touches anything', async () => {
    await using home = await filledHome();
    await using elsewhere = await temporaryHome();
    const target = join(elsewhere.root, 'backup');
    await backup(home, target);
    const { files } = await verifyBackup(target);
    for (const damage of ['changed', undefined]) {
      const file = join(target, 'files', files.at(-1)!.uri);
      const whole = await readFile(file);
      await (damage === undefined ? rm(file) : writeFile(file, damage));
      const error = await restore(target, home.root, { replace: true }).catch((each: unknown) => each);
      assert.ok(error instanceof CorruptArtifactError);
      assert.ok(error.message.includes(files.at(-1)!.uri));
      await writeFile(file, whole);
    }
    await openRegion(home, await readManifest(home, home.dataset), 'CISO');
  });

  it('refuses a home that is not empty unless it is told to, and then moves it aside', async () => {
    await using home = await filledHome();
    await using elsewhere = await temporaryHome();
    const target = join(elsewhere.root, 'backup');
    await backup(home, target);
    const root = join(elsewhere.root, 'other');
    await Home.open(root);
    await writeFile(join(root, 'mine.txt'), 'still wanted');
    await assert.rejects(
      restore(target, root),
      (error) => error instanceof BadInputError && error.message.includes(root),
    );
    const { replaced } = await restore(target, root, { replace: true });
    assert.equal(await readFile(join(replaced!, 'mine.txt'), 'utf8'), 'still wanted');
    assert.ok((await readdir(root)).includes('grid'));
  });

  it('refuses a folder that is not a backup, and to write over one', async () => {
    await using home = await temporaryHome();
    await using elsewhere = await temporaryHome();
    await assert.rejects(restore(home.root, join(elsewhere.root, 'x')), MissingDataError);
    await assert.rejects(backup(home, elsewhere.root), BadInputError);
    const target = join(elsewhere.root, 'backup');
    await backup(home, target);
    await writeFile(join(target, 'backup.json'), '{"backupVersion":1,"lakeFormatVersion":99,"files":[]}');
    await assert.rejects(restore(target, join(elsewhere.root, 'x')), /lake format 99/);
    await writeFile(
      join(target, 'backup.json'),
      '{"backupVersion":1,"lakeFormatVersion":1,"files":[{"uri":"../x"}]}',
    );
    await assert.rejects(
      restore(target, join(elsewhere.root, 'x')),
      /files\.0\.uri: must lie inside the home/,
    );
  });
});
