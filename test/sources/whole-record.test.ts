import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { ingestionInput } from '../../src/contracts/ingestion.ts';
import { fromHourStamp } from '../../src/contracts/time.ts';
import { newestDays } from '../../src/jobs/newest-days.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import type { Home } from '../../src/lake/home.ts';
import { readSeries } from '../../src/lake/grid.ts';
import { retireOlder } from '../../src/sources/retire.ts';
import { archive, contextOf, ingest, temporaryHome } from './support.ts';

const asked = { regions: ['PACW' as const], routes: ['region-data' as const] };
const JUNE = '2019-06-10T12:00:00Z';
const THREE_DAYS_ON = '2019-06-13T12:00:00Z';

describe('an ingestion of the newest days', () => {
  it('fetches little, and leaves the dataset that a whole ingestion would have left', async () => {
    await using home = await temporaryHome();
    await using other = await temporaryHome();
    {
      await using server = await archive({ clock: JUNE });
      assert.deepEqual(await newestDays({ home }, asked), { lastHour: null });
      await ingest(contextOf(home, server.url), ingestionInput.parse({ ...asked, from: '2018-03' }));
    }
    await using server = await archive({ clock: THREE_DAYS_ON });
    const { lastHour, ...days } = await newestDays({ home }, asked);
    assert.deepEqual([lastHour?.slice(0, 10), days], ['2019-06-10', { from: '2019-06-07' }]);
    const few = ingestionInput.parse({ ...asked, ...days, dataset: 'whole' });
    const newest = await ingest(contextOf(home, server.url), few);
    assert.equal(newest.plan.windows.length, 1);
    assert.ok(newest.totals.records < 7 * 24 * 4, `${newest.totals.records} records`);

    const all = await ingest(
      contextOf(other, server.url),
      ingestionInput.parse({ ...asked, from: '2018-03' }),
    );
    assert.ok(all.totals.records > 10_000);
    const demandOf = ({ account }: typeof all.result) => account.find(({ series }) => series === 'D');
    assert.deepEqual(demandOf(newest.result), demandOf(all.result));
    assert.equal(demandOf(newest.result)?.firstHour, '2018-03-01T01');
    assert.deepEqual(await demand(home, newest.result), await demand(other, all.result));
    assert.deepEqual(await newestDays({ home }, asked), {
      from: '2019-06-10',
      lastHour: demandOf(newest.result)?.lastHour,
    });
  });

  it('as of an earlier moment ends there', async () => {
    await using home = await temporaryHome();
    await using server = await archive({ clock: JUNE });
    await ingest(contextOf(home, server.url), ingestionInput.parse({ ...asked, from: '2018-03' }));
    const { from, to } = await newestDays({ home }, { ...asked, asOf: '2019-05-20T02' });
    assert.deepEqual([from, to], ['2019-05-17', '2019-05-20']);
  });

  it('is of everything where the home has a month only', async () => {
    await using home = await temporaryHome();
    await using server = await archive();
    await ingest(contextOf(home, server.url), ingestionInput.parse({ ...asked, mode: 'test' }));
    assert.deepEqual(await newestDays({ home }, asked), { lastHour: null });
  });

  it('leaves a dataset that is gone after a week, unless something was made of it', async () => {
    await using home = await temporaryHome();
    await using server = await archive();
    const context = contextOf(home, server.url);
    const ingestDays = async (to: string, dataset: 'whole' | 'period') => {
      const { result } = await ingest(
        context,
        ingestionInput.parse({ ...asked, from: '2019-01-01', to, dataset }),
      );
      return result.dataset;
    };
    const byHand = await ingestDays('2019-01-02', 'period');
    const [used, unused] = [await ingestDays('2019-01-03', 'whole'), await ingestDays('2019-01-04', 'whole')];
    await mkdir(home.path('manifests/forecast'));
    await writeFile(home.path('manifests/forecast/made.json'), JSON.stringify({ inputs: [used] }));
    const there = async () =>
      (await readdir(home.path('manifests/grid'))).map((name) => `manifests/grid/${name}`);
    const inDays = (days: number) => Date.now() + days * 86_400_000;
    assert.equal(await retireOlder(home, inDays(6)), 0);
    assert.equal(await retireOlder(home, inDays(8)), 1);
    assert.deepEqual((await there()).toSorted(), [byHand.uri, used.uri].toSorted());
    assert.equal((await ingestDays('2019-01-04', 'whole')).sha256, unused.sha256);
  });
});

async function demand(home: Home, { dataset }: { dataset: Parameters<typeof readManifest>[1] }) {
  const grid = await readManifest(home, dataset, 'grid');
  const period = { from: fromHourStamp('2018-12-28T00'), to: fromHourStamp('2019-06-13T12') };
  return readSeries(home, grid, { region: 'PACW', series: 'D', ...period, vintage: 'latest' });
}
