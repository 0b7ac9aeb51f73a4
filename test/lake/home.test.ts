import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadInputError, CorruptArtifactError } from '../../src/errors.ts';
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
});
