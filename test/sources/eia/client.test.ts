import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import type { IngestionWindow } from '../../../src/contracts/ingestion.ts';
import { SourceFaultError, SourceRefusedError, messageOf } from '../../../src/errors.ts';
import type { FaultKind } from '../../../src/sources/archive/faults.ts';
import { EiaClient } from '../../../src/sources/eia/client.ts';
import type { Fetched } from '../../../src/sources/fetched.ts';
import { unlimited } from '../../../src/sources/limiter/source-limiter.ts';
import { RawStore } from '../../../src/sources/raw-store.ts';
import { archive, serving, temporaryHome } from '../support.ts';

const KEY = 'a-secret-key-of-forty-characters-0123456';

const WINDOW: IngestionWindow = {
  source: 'eia',
  route: 'fuel-type-data',
  region: 'CISO',
  from: '2019-01-01T01',
  to: '2019-02-01T00',
  dfAvailability: 'operator',
};

async function fetchFrom(url: string, window = WINDOW, signal = new AbortController().signal) {
  await using home = await temporaryHome();
  const client = new EiaClient({ baseUrl: url, key: KEY }, unlimited, signal);
  const result = await client
    .fetchWindow(window, new RawStore(home, 'raw/test', 'json'), () => {})
    .catch((error: unknown) => error as Error);
  return { result, stored: await readdir(home.path('raw/test')).catch((): string[] => []) };
}

const valuesOf = ({ rows }: Fetched) =>
  [...rows.series].map(([series, { value }]) => [series, Array.from(value)] as const).sort();

/** What a request for data is answered with, whatever it says. */
const answering = (status: number, type: string, body: string) =>
  serving((_request, response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  });

describe('the EIA client', () => {
  it('reads the same from a source that shuffles, repeats, retypes its rows and changes its total', async () => {
    await using good = await archive();
    await using odd = await archive({
      // The first page's total is that of the shift by request 1: less than there are, so nothing is cut short.
      faults: { rates: { unsorted: 1, 'mixed-values': 1, duplicates: 1, 'shifting-total': 1 } },
    });
    const year = { ...WINDOW, to: '2020-01-01T00' };
    const expected = (await fetchFrom(good.url, year)).result as Fetched;
    const found = (await fetchFrom(odd.url, year)).result as Fetched;
    assert.ok(expected.rows.series.size >= 7);
    assert.deepEqual(valuesOf(found), valuesOf(expected));
    assert.deepEqual(found.rows.quarantined, []);
    assert.ok(found.rows.records > expected.rows.records);
  });

  it('takes a null for a value that is not known', async () => {
    await using server = await archive({ faults: { rates: { 'null-values': 1 } } });
    const { rows } = (await fetchFrom(server.url)).result as Fetched;
    const tables = [...rows.series.values()];
    assert.ok(tables.every(({ has }) => has.every((each) => each === 1)));
    const nulls = tables.reduce((sum, { value }) => sum + value.filter(Number.isNaN).length, 0);
    assert.ok(Math.abs(nulls - rows.records / 50) < 2, `${nulls} of ${rows.records}`);
  });

  const faults: [FaultKind, RegExp][] = [
    ['rate-limited', /EIA answered 429/],
    ['server-error', /EIA answered 500/],
    ['cut-off', /did not answer in full/],
    ['truncated', /cut off or malformed/],
    ['html', /HTML where JSON was expected/],
  ];
  for (const [fault, message] of faults) {
    it(`says what came when the source is at fault, to be tried again: ${fault}`, async () => {
      await using server = await archive({ faults: { at: { 2: [fault] } } });
      const { result, stored } = await fetchFrom(server.url, { ...WINDOW, to: '2020-01-01T00' });
      assert.ok(result instanceof SourceFaultError, messageOf(result));
      assert.match(result.message, message);
      assert.ok(result.retryable);
      assert.ok(stored.includes('00000000.json.gz'), 'the good page before it stays');
    });
  }

  it('never tries again when the key is refused, and never shows the key', async () => {
    await using server = await archive({ apiKeys: ['another'] });
    const { result } = await fetchFrom(server.url);
    assert.ok(result instanceof SourceRefusedError);
    assert.equal(result.retryable, false);
    assert.match(result.line, /API_KEY_INVALID.*EIA_API_KEY/);
  });

  for (const [name, status, body] of [
    ['a refusal', 403, `{"error":{"code":"${KEY}"}}`],
    ['a fault', 500, `key ${KEY}`],
    ['HTML', 200, `<html>${KEY}</html>`],
    ['foreign JSON', 200, `{"you asked with":"${KEY}"}`],
  ] as const) {
    it(`keeps the key out of the whole error even where the source echoes it: ${name}`, async () => {
      await using server = await answering(status, 'text/plain', body);
      const { result } = await fetchFrom(server.url);
      const error = result as Error & { cause?: unknown };
      assert.ok(error instanceof Error);
      assert.ok(
        !`${messageOf(error)} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`.includes(KEY),
      );
    });
  }

  it('keeps the key out of the error of a broken connection', async () => {
    const gone = await answering(200, 'text/plain', '');
    await gone[Symbol.asyncDispose]();
    const { result } = await fetchFrom(gone.url);
    assert.ok(result instanceof SourceFaultError);
    assert.match(result.message, /ECONNREFUSED/);
    assert.equal(result.cause, undefined);
    assert.ok(!JSON.stringify(result).includes(KEY));
  });

  it('puts rows that make no sense in quarantine with the reason', async () => {
    const good = { period: '2019-01-01T01', respondent: 'CISO', fueltype: 'SUN', value: '5' };
    const rows = [
      good,
      { ...good, 'type-name': 'SOLAR' },
      { ...good, value: '6' },
      { ...good, period: '2019-01-01T02', value: 'many' },
      { ...good, period: '2019-01-01', value: '5' },
      { ...good, period: '2019-03-01T00' },
      { ...good, respondent: 'ERCO' },
      { ...good, fueltype: null },
    ];
    await using server = await answering(
      200,
      'application/json',
      JSON.stringify({
        response: { total: '8', data: rows },
        warnings: [{ warning: 'w', description: 'd' }],
      }),
    );
    const fetched = (await fetchFrom(server.url)).result as Fetched;
    assert.deepEqual(
      fetched.rows.quarantined.map(({ reason }) => reason),
      [
        'a second value for the hour, which has 5',
        'value is not a number',
        'period is not an hour',
        'outside the period asked for',
        'of another region',
        'no series code',
      ],
    );
    assert.equal(fetched.rows.series.get('FUEL:SUN')?.value[0], 5);
    assert.deepEqual(fetched.warnings, ['w: d']);
  });

  it('takes for a value only what a region can have, written as a plain decimal number', async () => {
    const texts = [
      '"0x10"',
      '"1e3"',
      '"Infinity"',
      '"1e308"',
      '1e308',
      '1e999',
      '-1e7',
      '""',
      '" 12.5 "',
      '-3',
    ];
    const rows = texts.map(
      (text, i) => `{"period":"2019-01-01T0${i}","respondent":"CISO","fueltype":"SUN","value":${text}}`,
    );
    rows.push('{"period":"2019-02-31T00","respondent":"CISO","fueltype":"SUN","value":"1"}');
    await using server = await answering(200, 'application/json', `{"response":{"data":[${rows.join()}]}}`);
    const fetched = (await fetchFrom(server.url, { ...WINDOW, from: '2019-01-01T00', to: '2019-04-01T00' }))
      .result as Fetched;
    const { value, has } = fetched.rows.series.get('FUEL:SUN')!;
    assert.deepEqual([has.indexOf(1), value[8], value[9]], [8, 12.5, -3]);
    assert.equal(
      has.reduce((sum, each) => sum + each),
      2,
    );
    assert.deepEqual(
      fetched.rows.quarantined.map(({ reason }) => reason),
      [...Array.from({ length: 8 }, () => 'value is not a number'), 'period is not an hour'],
    );
  });

  const DEEP = '['.repeat(200_000) + ']'.repeat(200_000);
  const ROW = '{"period":"2019-01-01T01","respondent":"CISO","fueltype":"SUN","value":1}';
  const misshapen: [string, string, RegExp][] = [
    ['data nested 200,000 deep', `{"data":${DEEP}}`, /lists or objects inside row 1\./],
    ['a value nested as deep', `{"data":[${ROW},{"value":${DEEP}}]}`, /lists or objects inside row 2\./],
    ['rows without end in one page', `{"data":[${'1,'.repeat(10_000)}1]}`, /10001 rows where 5000/],
  ];
  for (const [name, response, message] of misshapen) {
    it(`calls ${name} the source's fault and stores nothing of it`, async () => {
      await using server = await answering(200, 'application/json', `{"response":${response}}`);
      const { result, stored } = await fetchFrom(server.url);
      assert.ok(result instanceof SourceFaultError, messageOf(result));
      assert.match(result.message, message);
      assert.deepEqual(stored, []);
    });
  }

  it('is not thrown by totals and warnings nested as deep, nor by a million warnings', async () => {
    const many = `["${'x'.repeat(10_000)}"${',"w"'.repeat(1_000_000)}]`;
    for (const warnings of [DEEP, `[{"warning":${DEEP},"description":${DEEP}}]`, many]) {
      const body = `{"response":{"total":${DEEP},"warnings":${warnings},"data":[${ROW}]}}`;
      await using server = await answering(200, 'application/json', body);
      const fetched = (await fetchFrom(server.url)).result as Fetched;
      assert.equal(fetched.rows?.records, 1, messageOf(fetched));
      assert.ok(fetched.warnings.length <= 10 && fetched.warnings.every((text) => text.length <= 500));
    }
  });

  it('refuses a total that the window cannot hold after its first page', async () => {
    let requests = 0;
    await using server = await serving((_request, response) => {
      requests += 1;
      response.end(`{"response":{"total":"1000000000","data":[${Array(5000).fill(ROW).join()}]}}`);
    });
    const { result, stored } = await fetchFrom(server.url);
    assert.ok(result instanceof SourceFaultError, messageOf(result));
    assert.match(result.message, /a total of 1000000000 of CISO fuel-type-data .* can have 47616 at most/);
    assert.equal(requests, 1);
    assert.deepEqual(stored, []);
  });

  it('refuses pages that are full without end, and keeps none of them for the next attempt', async () => {
    let requests = 0;
    await using server = await serving((_request, response) => {
      requests += 1;
      // A source that ends after all, so that the test does too.
      const rows = Array(requests > 40 ? 1 : 5000).fill(ROW);
      response.end(`{"response":{"data":[${rows.join()}]}}`);
    });
    const { result, stored } = await fetchFrom(server.url);
    assert.ok(result instanceof SourceFaultError, messageOf(result));
    assert.match(result.message, /page after full page, 50000 rows so far of CISO fuel-type-data/);
    assert.equal(requests, 10);
    assert.deepEqual(stored, []);
  });

  it('does not take fewer rows than were announced for all of them', async () => {
    await using server = await answering(200, 'application/json', '{"response":{"total":"3","data":[]}}');
    const { result } = await fetchFrom(server.url);
    assert.ok(result instanceof SourceFaultError);
    assert.match(result.message, /0 of 3 rows of CISO fuel-type-data/);
  });

  it('stops when it is told to', async () => {
    await using server = await archive({ faults: { rates: { slow: 1 }, slowMs: 60_000 } });
    const controller = new AbortController();
    const pending = fetchFrom(server.url, WINDOW, controller.signal);
    setTimeout(() => controller.abort(new Error('told to stop')), 50);
    assert.equal(((await pending).result as Error).message, 'told to stop');
  });
});
