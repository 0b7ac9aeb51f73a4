import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ingestionInput } from '../../src/contracts/ingestion.ts';
import { fromHourStamp } from '../../src/contracts/time.ts';
import { SourceFaultError } from '../../src/errors.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { openRegion } from '../../src/lake/grid.ts';
import type { Home } from '../../src/lake/home.ts';
import { ingestWindow } from '../../src/sources/stage.ts';
import { archive, contextOf, ingest, temporaryHome } from './support.ts';

const KEY = 'a-secret-key-of-forty-characters-0123456';
const SHARE = 0.1;
const MOST_ATTEMPTS = 15;
const INPUT = ingestionInput.parse({ regions: ['CISO'], from: '2019', to: '2020' });

/** Ingests as the workflow does: a window that met a fault is tried again, what is stored of it stays. */
async function grid(home: Home, url: string) {
  const context = contextOf(home, url, { eiaApiKey: KEY });
  let faults = 0;
  const { plan, result } = await ingest(context, INPUT, async (window) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ingestWindow(context, window);
      } catch (error) {
        if (!(error instanceof SourceFaultError) || attempt === MOST_ATTEMPTS) throw error;
        faults += 1;
      }
    }
  });
  const region = await openRegion(home, await readManifest(home, result.dataset), 'CISO');
  const span = { from: fromHourStamp(plan.period.from), to: fromHourStamp(plan.period.to) };
  const values = result.account.map(({ series }) => [
    series,
    region.read({ ...span, series, vintage: 'latest' }).value,
  ]);
  return { faults, values, account: result.account };
}

describe('an ingestion from a source that fails in every way', () => {
  it('ends with the grid of a clean one, and with the key in no file', async () => {
    await using good = await archive();
    await using bad = await archive({
      faults: {
        seed: 7,
        rates: {
          'rate-limited': SHARE,
          'server-error': SHARE,
          html: SHARE,
          'cut-off': SHARE,
          truncated: SHARE,
          duplicates: SHARE,
          unsorted: SHARE,
        },
      },
    });
    await using expectedHome = await temporaryHome();
    await using home = await temporaryHome();
    const expected = await grid(expectedHome, good.url);
    const found = await grid(home, bad.url);
    assert.equal(expected.faults, 0);
    assert.ok(found.faults > 5, `${found.faults} faults were met`);
    assert.ok(expected.values.length >= 10);
    assert.deepEqual(found.values, expected.values);
    assert.deepEqual(found.account, expected.account);

    let pages = 0;
    let echoes = 0;
    for (const entry of await readdir(home.root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const stored = await readFile(join(entry.parentPath, entry.name));
      const content = entry.name.endsWith('.gz') ? gunzipSync(stored) : stored;
      assert.ok(!content.includes(KEY), entry.name);
      pages += Number(entry.name.endsWith('.json.gz'));
      echoes += Number(content.includes('REDACTED'));
    }
    assert.ok(pages > 10 && echoes === pages, `the key was echoed in ${echoes} of ${pages} replies`);
  });
});
