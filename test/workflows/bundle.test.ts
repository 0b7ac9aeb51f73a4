import assert from 'node:assert/strict';
import { bundledWorkflows } from '../support/temporal.ts';

/** More than half of it is the source map; a library that slips in by a value import makes it many times larger. */
const LARGEST_MB = 6;

describe('the bundle of the workflows', () => {
  it('holds contracts and names, and no library of the domain', async () => {
    const { code } = await bundledWorkflows();
    assert.ok(code.length < LARGEST_MB * 1e6, `${(code.length / 1e6).toFixed(1)} MB`);
    for (const library of ['nodejs-polars', '@duckdb/node-api', '@tensorflow', 'node_modules/got/']) {
      assert.equal(code.includes(library), false, library);
    }
  });
});
