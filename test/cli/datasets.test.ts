import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveDataset } from '../../src/cli/datasets.ts';
import { hasTrainingSequences } from '../../src/cli/verbs/train.ts';
import { Home } from '../../src/lake/home.ts';

describe('the dataset that nobody names', () => {
  let root: string;
  let home: Home;
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'ringwatt-datasets-'));
    home = await Home.open(root);
    mkdirSync(home.path('manifests', 'sequences'), { recursive: true });
  });
  after(() => rmSync(root, { recursive: true }));

  function put(key: string, age: number, details: object): string {
    const uri = `manifests/sequences/${key}.json`;
    const manifest = { formatVersion: 1, kind: 'sequences', key, inputs: [], files: [], rows: 1, details };
    const madeBy = { stage: 'sequences', version: 1, settings: {} };
    writeFileSync(home.path(uri), JSON.stringify({ ...manifest, madeBy }));
    const at = 1_700_000_000 - age;
    utimesSync(home.path(uri), at, at);
    return uri;
  }
  const chosen = async (uri?: string) =>
    (await resolveDataset(home, 'sequences', uri, hasTrainingSequences)).uri;

  it('is the newest that can be trained on, whatever came later for a comparison', async () => {
    put('000000000000000a', 30, { windows: { PACW: [0, 168] } });
    const wanted = put('000000000000000b', 20, { windows: { PACW: [0], ERCO: [] } });
    const scored = put('000000000000000c', 10, { windows: { PACW: [], ERCO: [] } });
    assert.equal(await chosen(), wanted);
    assert.equal(await chosen(scored), scored, 'a named one is taken as it is');
    assert.equal((await resolveDataset(home, 'sequences', undefined)).uri, scored);
  });
});
