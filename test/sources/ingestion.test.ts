import assert from 'node:assert/strict';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { ingestionInput, type IngestionWindow } from '../../src/contracts/ingestion.ts';
import { fromHourStamp } from '../../src/contracts/time.ts';
import { BadInputError, MissingDataError } from '../../src/errors.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { openRegion, readSeries } from '../../src/lake/grid.ts';
import { ingestWindow, planIngestion } from '../../src/sources/stage.ts';
import { archive, asRealSource, contextOf, ingest, temporaryHome } from './support.ts';

const KEY = 'a-secret-key-of-forty-characters-0123456';

const window = (fields: Partial<IngestionWindow>): IngestionWindow => ({
  source: 'eia',
  route: 'region-data',
  region: 'ERCO',
  from: '2019-01-01T01',
  to: '2020-01-01T00',
  dfAvailability: 'operator',
  ...fields,
});

describe('ingestion', () => {
  it('takes January 2024 in test mode, every hour once, and gives the same bytes in another home', async () => {
    await using server = await archive();
    await using home = await temporaryHome();
    await using other = await temporaryHome();
    const input = ingestionInput.parse({ mode: 'test', regions: ['ERCO', 'PACW'], from: '2019' });
    const { plan, totals, result } = await ingest(contextOf(home, server.url), input);
    assert.deepEqual(plan.period, { from: '2024-01-01T01', to: '2024-02-01T00' });
    assert.equal(totals.records, 2 * 744);
    const demand = result.account.find(({ region, series }) => region === 'PACW' && series === 'D');
    assert.equal(demand!.present + demand!.missing, 744);
    assert.ok(demand!.present > 700);
    const again = await ingest(contextOf(other, server.url), input);
    assert.deepEqual(again.result.dataset, result.dataset);
  });

  it('joins windows without losing or doubling an hour at the seams', async () => {
    await using server = await archive();
    await using home = await temporaryHome();
    const input = ingestionInput.parse({
      regions: ['MISO'],
      routes: ['region-data'],
      from: '2017-12',
      to: '2018-01',
    });
    const { plan, result } = await ingest(contextOf(home, server.url), input);
    assert.deepEqual(
      plan.windows.map(({ from, to }) => [from, to]),
      [
        ['2017-12-01T01', '2018-01-01T00'],
        ['2018-01-01T01', '2018-02-01T00'],
      ],
    );
    const grid = await readManifest(home, result.dataset, 'grid');
    const series = await readSeries(home, grid, {
      region: 'MISO',
      series: 'D',
      from: fromHourStamp('2017-12-31T20'),
      to: fromHourStamp('2018-01-01T04'),
      vintage: 'latest',
    });
    assert.ok(series.value.every((value) => value > 40_000));
    assert.equal(grid.rows, 2 * 1488);
  });

  it('reports hours that the source does not have, and refuses only when there are none at all', async () => {
    await using server = await archive();
    await using home = await temporaryHome();
    const context = contextOf(home, server.url);
    const input = ingestionInput.parse({ regions: ['TEX'], from: '2024-12', to: '2025' });
    const { result } = await ingest(context, input);
    const demand = result.account.find(({ series }) => series === 'D');
    // The archive ends at 2024-12-31T23: December lacks its last hour, 2025 all 8,760.
    assert.equal(demand?.missing, 8761);
    assert.equal(demand?.lastHour, '2024-12-31T23');
    assert.equal(result.account.find(({ series }) => series === 'TI')?.present, 0);
    await assert.rejects(
      planIngestion(context, ingestionInput.parse({ from: '2025', to: '2026' })),
      (error) => {
        assert.ok(error instanceof MissingDataError);
        assert.match(error.message, /2025-01-01T01 and 2027-01-01T00: it has region-data/);
        return true;
      },
    );
  });

  it('refuses a period that ends before it starts and a route of the other source', async () => {
    await using server = await archive();
    await using home = await temporaryHome();
    const context = contextOf(home, server.url);
    await assert.rejects(
      planIngestion(context, ingestionInput.parse({ from: '2020', to: '2019' })),
      BadInputError,
    );
    await assert.rejects(
      planIngestion(context, ingestionInput.parse({ routes: ['SLD_FCST'] })),
      /SLD_FCST is not a route of eia/,
    );
    await assert.rejects(
      planIngestion(context, ingestionInput.parse({ source: 'caiso', regions: ['ERCO'] })),
      /CAISO has nothing of ERCO/,
    );
  });

  it('stores replies byte for byte but for the key, and asks for nothing that it has', async () => {
    await using server = await archive();
    await using home = await temporaryHome();
    const context = contextOf(home, server.url, { eiaApiKey: KEY });
    const first = await ingestWindow(context, window({}));
    assert.equal(first.pagesReused, 0);
    assert.equal(server.requests(), first.pages);
    const folder = home.path('raw/eia-archive/region-data/ERCO/2019-01-01T01_2020-01-01T00');
    const pages = await readdir(folder);
    assert.equal(pages.length, first.pages);
    const reply = gunzipSync(await readFile(`${folder}/${pages[0]}`)).toString();
    const direct = await fetch(
      `${server.url}/v2/electricity/rto/region-data/data/?frequency=hourly&data%5B0%5D=value&facets%5Brespondent%5D%5B%5D=ERCO&start=2019-01-01T01&end=2020-01-01T00&sort%5B0%5D%5Bcolumn%5D=period&sort%5B0%5D%5Bdirection%5D=asc&sort%5B1%5D%5Bcolumn%5D=type&sort%5B1%5D%5Bdirection%5D=asc&offset=0&length=5000&api_key=${KEY}`,
    );
    assert.equal(reply, (await direct.text()).replaceAll(KEY, 'REDACTED'));

    const asked = server.requests();
    assert.equal((await ingestWindow(context, window({}))).pagesReused, first.pages);
    await rm(home.path('manifests'), { recursive: true });
    assert.equal((await ingestWindow(context, window({}))).pagesReused, first.pages);
    assert.equal(server.requests(), asked);
  });

  it('fetches a page again whose raw file is damaged or cut short, and only that one', async () => {
    await using server = await archive();
    await using home = await temporaryHome();
    const context = contextOf(home, server.url);
    const { pages } = await ingestWindow(context, window({}));
    const folder = home.path('raw/eia-archive/region-data/ERCO/2019-01-01T01_2020-01-01T00');
    const path = `${folder}/00005000.json.gz`;
    const whole = await readFile(path);
    for (const damage of [whole.subarray(0, 3000), Buffer.alloc(0), Buffer.from('not gzip at all')]) {
      await writeFile(path, damage);
      await rm(home.path('manifests'), { recursive: true });
      const before = server.requests();
      assert.equal((await ingestWindow(context, window({}))).pagesReused, pages - 1);
      assert.equal(server.requests() - before, 1);
    }
  });

  it('makes a grid file again that was damaged', async () => {
    await using server = await archive();
    await using home = await temporaryHome();
    const input = ingestionInput.parse({ mode: 'test', regions: ['CAL'] });
    const { result } = await ingest(contextOf(home, server.url), input);
    const grid = await readManifest(home, result.dataset);
    await writeFile(home.path(grid.files[0]!.uri), 'garbage');
    const again = await ingest(contextOf(home, server.url), input);
    assert.deepEqual(again.result.dataset, result.dataset);
    await openRegion(home, grid, 'CAL');
  });

  it('keeps a revision beside what it replaces, each with the time it became known', async () => {
    await using home = await temporaryHome();
    const input = ingestionInput.parse({
      regions: ['PACW'],
      routes: ['region-data'],
      from: '2020-01',
      to: '2020-01',
    });
    const run = async (clock: string) => {
      await using server = await archive({ clock });
      return await ingest(contextOf(home, server.url), input);
    };
    const early = await run('2020-03-01T00:00Z');
    const late = await run('2021-01-01T00:00Z');
    const revised = late.result.account.find(({ series }) => series === 'D')!.revised;
    assert.equal(early.result.account.find(({ series }) => series === 'D')!.revised, 0);
    assert.ok(revised > 50, `${revised} hours revised`);

    const grid = await openRegion(home, await readManifest(home, late.result.dataset), 'PACW');
    const span = { series: 'D', from: fromHourStamp('2020-01-01T01'), to: fromHourStamp('2020-02-01T00') };
    const before = grid.read({ ...span, vintage: 'latest', asOf: fromHourStamp('2020-03-01T00') });
    const first = grid.read({ ...span, vintage: 'first' });
    const latest = grid.read({ ...span, vintage: 'latest' });
    assert.deepEqual(before.value, first.value);
    assert.equal(latest.value.filter((value, hour) => !Object.is(value, first.value[hour])).length, revised);
    assert.ok(latest.availableAt.every((moment, hour) => moment >= first.availableAt[hour]!));
  });

  it('shows a simulated past only what had been published by then', async () => {
    await using home = await temporaryHome();
    const input = ingestionInput.parse({
      regions: ['ERCO'],
      routes: ['region-data'],
      from: '2018-05',
      to: '2018-05',
    });
    {
      await using everything = await archive();
      await ingest(contextOf(home, everything.url), input);
    }
    await using server = await archive({ clock: '2018-05-10T16:30Z' });
    const { result } = await ingest(contextOf(home, server.url), input);
    const demand = result.account.find(({ series }) => series === 'D');
    // Known one hour after the hour's end: at 16:30 the hour ending 15:00 is the newest.
    assert.equal(demand?.lastHour, '2018-05-10T15');
  });

  it('keeps refused rows with the reason, and counts them in the account', async () => {
    await using server = await archive();
    await using odd = await asRealSource(server.url, (body) =>
      body.replace(/("period":"2024-01-0[3-5]T07".*?"value":")\d+/g, '$1many'),
    );
    await using home = await temporaryHome();
    const input = ingestionInput.parse({ mode: 'test', regions: ['PACW'] });
    const { totals, result } = await ingest(contextOf(home, odd.url), input);
    const demand = result.account.find(({ series }) => series === 'D');
    assert.deepEqual([totals.quarantined, demand?.quarantined, demand?.missing], [3, 3, 3]);
    const folder = home.path('quarantine/eia/region-data/PACW');
    const [name] = await readdir(folder);
    const lines = (await readFile(`${folder}/${name}`, 'utf8')).trim().split('\n');
    assert.equal(lines.length, 3);
    const first = JSON.parse(lines[0]!) as { reason: string; row: { value: string } };
    assert.equal(first.reason, 'value is not a number');
    assert.equal(first.row.value, 'many');
  });

  it('calls what it sees years later assumed, and keeps archive and real replies apart', async () => {
    await using server = await archive();
    await using real = await asRealSource(server.url);
    await using home = await temporaryHome();
    const input = ingestionInput.parse({ mode: 'test', regions: ['MISO'] });
    const { result } = await ingest(contextOf(home, real.url), input);
    await ingest(contextOf(home, server.url), input);
    const grid = await readManifest(home, result.dataset);
    const demand = await readSeries(home, grid, {
      region: 'MISO',
      series: 'D',
      from: fromHourStamp('2024-01-01T01'),
      to: fromHourStamp('2024-02-01T00'),
      vintage: 'latest',
    });
    assert.deepEqual([...new Set(demand.basis)], ['assumed']);
    assert.deepEqual((await readdir(home.path('raw'))).sort(), ['eia', 'eia-archive']);
    assert.deepEqual(await readdir(home.path('limits')), ['eia.json']);
  });
});
