import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import * as fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { DateTime } from 'luxon';
import { ingestionInput, type IngestionWindow } from '../../../src/contracts/ingestion.ts';
import { HOUR_SECONDS, fromHourStamp, toHourStamp } from '../../../src/contracts/time.ts';
import { BadInputError, SourceFaultError } from '../../../src/errors.ts';
import { readManifest } from '../../../src/lake/artifacts.ts';
import { openRegion } from '../../../src/lake/grid.ts';
import { CaisoClient, readInto, reportUrl } from '../../../src/sources/caiso/client.ts';
import { reportOf } from '../../../src/sources/caiso/reports.ts';
import type { Fetched } from '../../../src/sources/fetched.ts';
import { unlimited } from '../../../src/sources/limiter/source-limiter.ts';
import { RawStore } from '../../../src/sources/raw-store.ts';
import { SourceRows } from '../../../src/sources/source-rows.ts';
import { archive, contextOf, ingest, serving, temporaryHome } from '../support.ts';

const WINDOW: IngestionWindow = {
  source: 'caiso',
  route: 'SLD_FCST',
  region: 'CISO',
  from: '2019-03-01T01',
  to: '2019-04-01T00',
  dfAvailability: 'operator',
};
const PACIFIC = 'America/Los_Angeles';
const HEADER =
  'INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,LOAD_TYPE,OPR_DT,OPR_HR,OPR_INTERVAL,MARKET_RUN_ID,TAC_AREA_NAME,LABEL,XML_DATA_ITEM,POS,MW,EXECUTION_TYPE,GROUP';

async function fetchFrom(url: string, window = WINDOW) {
  await using home = await temporaryHome();
  const store = new RawStore(home, 'raw/test', 'zip');
  const client = new CaisoClient(url, unlimited, new AbortController().signal);
  return await client.fetchWindow(window, store, () => {}).catch((error: unknown) => error as Error);
}

const answering = (answer: (response: ServerResponse) => void) =>
  serving((_request, response) => answer(response));

const errorZip = (code: number) =>
  zipSync({
    'INVALID_REQUEST.xml': strToU8(
      `<?xml version="1.0"?><m:OASISReport xmlns:m="urn:x"><m:MessagePayload><m:RTO><m:name>CAISO</m:name><m:ERROR><m:ERR_CODE>${code}</m:ERR_CODE><m:ERR_DESC>Because</m:ERR_DESC></m:ERROR></m:RTO></m:MessagePayload></m:OASISReport>`,
    ),
  });

const load = (startSeconds: number, operatingHour: number, megawatts: number | string) => {
  const start = DateTime.fromSeconds(startSeconds, { zone: 'utc' });
  const iso = (time: DateTime) => time.toFormat("yyyy-MM-dd'T'HH:mm:ss'-00:00'");
  const day = start.setZone(PACIFIC).toISODate();
  return `${iso(start)},${iso(start.plus({ hours: 1 }))},0,${day},${operatingHour},0,ACTUAL,CA ISO-TAC,x,SYS_FCST_ACT_MW,1,${megawatts},ACTUAL,1`;
};

/** Every moment at which the Pacific clocks change, 2015 to 2030, in seconds since 1970. */
function transitions(): number[] {
  const found: number[] = [];
  let hour = Date.UTC(2015, 0, 1) / 1000;
  let offset = DateTime.fromSeconds(hour, { zone: PACIFIC }).offset;
  for (; hour < Date.UTC(2031, 0, 1) / 1000; hour += HOUR_SECONDS) {
    const next = DateTime.fromSeconds(hour, { zone: PACIFIC }).offset;
    if (next !== offset) found.push(hour);
    offset = next;
  }
  return found;
}

describe('the CAISO client', () => {
  it('gives every hour of a day on which the clocks change its own value, 2015 to 2030', async () => {
    const changes = transitions();
    assert.equal(changes.length, 32);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...changes),
        fc.boolean(),
        fc.infiniteStream(fc.nat()),
        async (change, skips, dice) => {
          const midnight = DateTime.fromSeconds(change, { zone: PACIFIC }).startOf('day');
          const hours = midnight.plus({ days: 1 }).diff(midnight, 'hours').hours;
          assert.ok(hours === 23 || hours === 25);
          const first = midnight.toSeconds();
          // On the short day some reports number the hours 1 to 23, others leave out hour 3.
          const number = (i: number) => (skips && hours === 23 && i >= 2 ? i + 2 : i + 1);
          const lines = Array.from({ length: hours }, (_unused, i) =>
            load(first + i * HOUR_SECONDS, number(i), 1000 + i),
          );
          const shuffled = lines
            .map((line) => [dice.next().value!, line] as const)
            .sort(([a], [b]) => a - b)
            .map(([, line]) => line);
          const rows = new SourceRows(first + HOUR_SECONDS, first + hours * HOUR_SECONDS);
          await readInto(rows, reportOf('SLD_FCST'), [HEADER, ...shuffled].join('\n'), 0);
          assert.deepEqual(
            Array.from(rows.series.get('D')!.value),
            Array.from({ length: hours }, (_unused, i) => 1000 + i),
          );
          assert.deepEqual(rows.quarantined, []);
        },
      ),
      {
        numRuns: 100,
        examples: changes.map((change) => [change, true, fc.sample(fc.infiniteStream(fc.nat()), 1)[0]!]),
      },
    );
  });

  it('agrees with EIA on every hour of the months in which the clocks change', async () => {
    await using server = await archive();
    await using home = await temporaryHome();
    const context = contextOf(home, server.url);
    for (const month of ['2019-03', '2019-11']) {
      const ask = async (source: 'eia' | 'caiso', routes: ['region-data'] | ['SLD_FCST']) => {
        const input = ingestionInput.parse({ source, routes, regions: ['CISO'], from: month, to: month });
        const { result, plan } = await ingest(context, input);
        const grid = await openRegion(home, await readManifest(home, result.dataset), 'CISO');
        const span = { from: fromHourStamp(plan.period.from), to: fromHourStamp(plan.period.to) };
        return ['D', 'DF'].map((series) => grid.read({ ...span, series, vintage: 'latest' }).value);
      };
      assert.deepEqual(await ask('caiso', ['SLD_FCST']), await ask('eia', ['region-data']));
    }
  });

  it('makes hourly means of five-minute rows, and interchange of exports less imports', async () => {
    const start = fromHourStamp('2023-01-01T00');
    const header = 'INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,MARKET_RUN_ID,TAC_ZONE_NAME,SCHEDULE,MW';
    const row = (minute: number, schedule: string, megawatts: number, zone = 'Caiso_Totals') => {
      const iso = (minutes: number) => new Date((start + minutes * 60) * 1000).toISOString();
      return `${iso(minute)},${iso(minute + 5)},RTM,${zone},${schedule},${megawatts}`;
    };
    const lines: string[] = [];
    for (let minute = 0; minute < 60; minute += 5) {
      lines.push(
        row(minute, 'Generation', 100 + minute),
        row(minute, 'Export', 30),
        row(minute, 'Import', 50),
      );
      lines.push(row(minute, 'Generation', 7, 'TAC_PGE'));
    }
    // A row twice counts once; an hour without imports has no interchange; ten minutes are no hour.
    lines.push(row(0, 'Generation', 100), row(60, 'Generation', 9), row(65, 'Generation', 9));
    const rows = new SourceRows(start + HOUR_SECONDS, start + 2 * HOUR_SECONDS);
    await readInto(rows, reportOf('ENE_SLRS'), [header, ...lines].join('\n'), 0);
    assert.equal(rows.series.get('NG')?.value[0], 127.5);
    assert.equal(rows.series.get('TI')?.value[0], -20);
    assert.deepEqual(
      rows.quarantined.map(({ reason, series }) => [reason, series]),
      [['without Generation', 'NG']],
    );
  });

  it('puts what is no plain number of MW in quarantine', async () => {
    const start = fromHourStamp('2023-01-01T00');
    const texts = ['0x10', '1e308', '1e3', '', 'NaN', '99999999', '-12.5'];
    const lines = texts.map((text, i) => load(start + i * HOUR_SECONDS, i + 1, text));
    const rows = new SourceRows(start + HOUR_SECONDS, start + texts.length * HOUR_SECONDS);
    await readInto(rows, reportOf('SLD_FCST'), [HEADER, ...lines].join('\n'), 0);
    assert.deepEqual(
      rows.quarantined.map(({ reason }) => reason),
      Array.from({ length: 6 }, () => 'MW is not a number'),
    );
    assert.equal(rows.series.get('D')?.value.at(-1), -12.5);
  });

  it('asks for at most 31 days, in GMT', () => {
    const url = reportUrl('http://oasis.example/', WINDOW, 'DAM');
    assert.equal(url.searchParams.get('startdatetime'), '20190301T00:00-0000');
    assert.equal(url.searchParams.get('enddatetime'), '20190401T00:00-0000');
    assert.equal(toHourStamp(fromHourStamp(WINDOW.from)), WINDOW.from);
  });

  it('takes "no data" for an empty answer', async () => {
    await using server = await answering((response) => response.end(errorZip(1000)));
    const fetched = (await fetchFrom(server.url)) as Fetched;
    assert.equal(fetched.rows.series.size, 0);
    assert.equal(fetched.pages, 2);
  });

  for (const code of [1001, 1002, 1004]) {
    it(`calls error ${code} our mistake, which is not tried again`, async () => {
      await using server = await answering((response) => response.end(errorZip(code)));
      const error = await fetchFrom(server.url);
      assert.ok(error instanceof BadInputError);
      assert.match(error.message, new RegExp(`CAISO answers ${code}: Because`));
    });
  }

  const curable: [string, (response: ServerResponse) => void, RegExp][] = [
    ['error 1015', (response) => response.end(errorZip(1015)), /1015/],
    ['429 in HTML', (response) => response.writeHead(429).end('<html>'), /429: asked too often/],
    ['500', (response) => response.writeHead(500).end(), /answered 500/],
    ['HTML with 200', (response) => response.end('<html>maintenance'), /not a zip.*maintenance/],
    ['a zip cut off', (response) => response.end(errorZip(1000).subarray(0, 90)), /cut off or damaged/],
    [
      'a zip with something else',
      (response) => response.end(zipSync({ 'a.txt': strToU8('x') })),
      /without a CSV/,
    ],
    [
      'a CSV without a column',
      (response) => response.end(zipSync({ 'a.csv': strToU8('MW\n1\n') })),
      /no column INTERVALSTART/,
    ],
  ];
  curable.push(
    [
      'a zip bomb',
      (response) => response.end(zipSync({ 'a.csv': new Uint8Array(129 * 2 ** 20) })),
      /zip of \d{6} bytes that unpacks to 135266304/,
    ],
    [
      'a zip of many entries',
      (response) =>
        response.end(
          zipSync(
            Object.fromEntries(Array.from({ length: 101 }, (_unused, i) => [`${i}.txt`, strToU8('x')])),
          ),
        ),
      /more than 100 entries/,
    ],
    [
      'a header without a column and without rows',
      (response) => response.end(zipSync({ 'a.csv': strToU8('MW\n') })),
      /no column INTERVALSTART/,
    ],
    ['an empty CSV', (response) => response.end(zipSync({ 'a.csv': strToU8('') })), /CSV is empty/],
    [
      'a CSV of one endless line',
      (response) => response.end(zipSync({ 'a.csv': new Uint8Array(2 ** 20).fill(65) })),
      /CSV is malformed: Max Record Size/,
    ],
  );
  for (const [name, answer, message] of curable) {
    it(`calls ${name} the source's fault, to be tried again`, async () => {
      await using server = await answering(answer);
      const error = await fetchFrom(server.url);
      assert.ok(error instanceof SourceFaultError, String(error));
      assert.match(error.message, message);
    });
  }

  it('asks again after a CSV that could not be read, which it has not kept', async () => {
    await using home = await temporaryHome();
    let requests = 0;
    await using server = await answering((response) =>
      response.end(++requests === 1 ? zipSync({ 'a.csv': strToU8('MW\n1\n') }) : errorZip(1000)),
    );
    const client = new CaisoClient(server.url, unlimited, new AbortController().signal);
    const store = new RawStore(home, 'raw/test', 'zip');
    const attempt = () => client.fetchWindow(WINDOW, store, () => {});
    await assert.rejects(attempt, /no column INTERVALSTART/);
    assert.equal((await attempt()).pages, 2);
    assert.equal(requests, 3);
  });

  it('takes the first CSV of a zip, whatever path its name pretends', async () => {
    const csv = [HEADER, load(fromHourStamp(WINDOW.from) - HOUR_SECONDS, 1, 7)].join('\n');
    await using server = await answering((response) =>
      response.end(
        zipSync({
          'note.txt': strToU8('x'),
          '../../../etc/evil.csv': strToU8(csv),
          'z.csv': strToU8('MW'),
        }),
      ),
    );
    const fetched = (await fetchFrom(server.url)) as Fetched;
    assert.equal(fetched.rows.series.get('D')?.value[0], 7);
  });

  it('follows the redirection to the secure address', async () => {
    await using target = await answering((response) => response.end(errorZip(1000)));
    await using server = await answering((response) =>
      response.writeHead(302, { location: `${target.url}/there` }).end(),
    );
    assert.equal(((await fetchFrom(server.url)) as Fetched).pages, 2);
  });
});
