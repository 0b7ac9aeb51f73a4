import assert from 'node:assert/strict';
import { startArchiveServer, type ArchiveServer } from '../../../src/sources/archive/server.ts';
import { BY_PERIOD, PACW_DEMAND, askEia } from './archive-client.ts';

describe('archive server, EIA shapes', () => {
  let server: ArchiveServer;
  before(async () => (server = await startArchiveServer()));
  after(() => server.close());

  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${server.url}${path}`, { headers });
    return { status: response.status, text: await response.text() };
  };

  it('writes a reply character for character as EIA did', async () => {
    const { text } = await get(
      '/v2/electricity/rto/region-data/data/?frequency=hourly&data%5B0%5D=value&facets%5Brespondent%5D%5B%5D=PACW&facets%5Btype%5D%5B%5D=D&start=2024-01-01&end=2024-01-01&sort%5B0%5D%5Bcolumn%5D=period&sort%5B0%5D%5Bdirection%5D=asc&length=5000&offset=0&api_key=KEY',
    );
    assert.equal(
      text,
      '{"response":{"total":"1","dateFormat":"YYYY-MM-DD\\"T\\"HH24","frequency":"hourly","data":[{"period":"2024-01-01T00","respondent":"PACW","respondent-name":"PacifiCorp West","type":"D","type-name":"Demand","value":"2515","value-units":"megawatthours"}],"description":"Hourly demand, day-ahead demand forecast, net generation, and interchange by balancing authority.  \\n    Source: Form EIA-930\\n    Product: Hourly Electric Grid Monitor"},"request":{"command":"\\/v2\\/electricity\\/rto\\/region-data\\/data\\/","params":{"frequency":"hourly","data":["value"],"facets":{"respondent":["PACW"],"type":["D"]},"start":"2024-01-01","end":"2024-01-01","sort":[{"column":"period","direction":"asc"}],"length":"5000","offset":"0","api_key":"KEY"}},"apiVersion":"2.1.8","ExcelAddInVersion":"2.1.0"}',
    );
  });

  it('takes a date for its first hour, as an upper bound too', async () => {
    const { response } = await askEia(
      server.url,
      `${PACW_DEMAND}&start=2023-01-01&end=2023-01-08&${BY_PERIOD}`,
    );
    assert.equal(response.total, '169');
    assert.equal(response.data[0]?.period, '2023-01-01T00');
    assert.equal(response.data.at(-1)?.period, '2023-01-08T00');
  });

  it('pages through a series without losing or repeating an hour', async () => {
    const periods: string[] = [];
    for (let offset = 0; ; offset += 5000) {
      const { response } = await askEia(
        server.url,
        `${PACW_DEMAND}&${BY_PERIOD}&length=5000&offset=${offset}`,
      );
      periods.push(...response.data.map(({ period }) => period));
      const last = periods.length === Number(response.total);
      assert.equal(response.warnings?.[0]?.warning, last ? undefined : 'incomplete return');
      if (last) break;
    }
    assert.equal(new Set(periods).size, periods.length);
    assert.deepEqual(periods, periods.toSorted());
    assert.equal(periods.length, (Date.UTC(2024, 11, 31, 23) - Date.UTC(2015, 6, 1, 8)) / 3_600_000 + 1);
  });

  it('gives 5,000 rows at most and says so', async () => {
    const { response } = await askEia(server.url, `${PACW_DEMAND}&${BY_PERIOD}&length=9000`);
    assert.equal(response.data.length, 5000);
    assert.deepEqual(
      response.warnings?.map(({ warning }) => warning),
      ['incomplete return', 'parameter out of range: length'],
    );
  });

  it('keeps zeros, spikes and missing values as they were published', async () => {
    const spike = await askEia(server.url, `${PACW_DEMAND}&start=2019-10-08T16&end=2019-10-08T16`);
    assert.equal(spike.response.data[0]?.value, '66675');
    const missing = await askEia(
      server.url,
      `facets[respondent][]=ERCO&facets[type][]=D&start=2021-11-07T06&end=2021-11-07T06`,
    );
    assert.deepEqual(
      missing.response.data.map(({ value }) => value),
      [null],
    );
    const kept = await askEia(
      server.url,
      `facets[respondent][]=TEX&facets[type][]=D&start=2021-11-07T06&end=2021-11-07T06`,
    );
    assert.equal(kept.response.data[0]?.value, '33861');
  });

  it('serves the revised vintage of the months that two collections share', async () => {
    const { response } = await askEia(
      server.url,
      `${PACW_DEMAND}&${BY_PERIOD}&start=2020-01-11T08&end=2020-01-11T10`,
    );
    assert.deepEqual(
      response.data.map(({ value }) => value),
      ['2280', '2157', '2093'],
    );
  });

  it('sorts by several columns, either way, and pages within that order', async () => {
    const query = 'facets[respondent][]=PACW&facets[respondent][]=MISO&start=2019-05-01T00&end=2019-05-01T01';
    const sort =
      'sort[0][column]=period&sort[0][direction]=desc&sort[1][column]=respondent&sort[1][direction]=asc&sort[2][column]=type&sort[2][direction]=desc';
    const { response } = await askEia(server.url, `${query}&${sort}&offset=1&length=5`);
    assert.equal(response.total, '8');
    assert.deepEqual(
      response.data.map(({ period, respondent, type }) => `${period} ${respondent} ${type}`),
      [
        '2019-05-01T01 MISO D',
        '2019-05-01T01 PACW DF',
        '2019-05-01T01 PACW D',
        '2019-05-01T00 MISO DF',
        '2019-05-01T00 MISO D',
      ],
    );
  });

  it('has no stable order without a sort, but the same rows', async () => {
    const query = `${PACW_DEMAND}&start=2019-05-01T00&end=2019-05-03T00`;
    const [one, two] = [await askEia(server.url, query), await askEia(server.url, query)];
    const periods = (reply: typeof one) => reply.response.data.map(({ period }) => period);
    assert.notDeepEqual(periods(one), periods(two));
    assert.deepEqual(periods(one).toSorted(), periods(two).toSorted());
    assert.equal(new Set(periods(one)).size, 49);
  });

  it('reads the parameters and the key from headers, as the Python client gridstatus sends them', async () => {
    const parameters = {
      start: '2019-01-01T00',
      end: '2019-01-01T01',
      frequency: 'hourly',
      data: ['value'],
      facets: { respondent: ['CISO'] },
      offset: 0,
      length: 5000,
      sort: ['period', 'respondent', 'fueltype'].map((column) => ({ column, direction: 'asc' })),
    };
    const { status, text } = await get('/v2/electricity/rto/fuel-type-data/data/', {
      'X-Api-Key': 'some-key',
      'X-Params': JSON.stringify(parameters),
    });
    assert.equal(status, 200);
    const { response, request } = JSON.parse(text) as Awaited<ReturnType<typeof askEia>>;
    assert.equal(response.total, '16');
    assert.deepEqual(
      response.data.slice(0, 8).map(({ fueltype, value }) => `${fueltype} ${value}`),
      ['COL 9', 'NG 6574', 'NUC 2273', 'OIL 88', 'OTH 0', 'SUN 1222', 'WAT 2403', 'WND 2497'],
    );
    assert.deepEqual(Object.keys(response.data[0]!), [
      'period',
      'respondent',
      'respondent-name',
      'fueltype',
      'type-name',
      'value',
      'value-units',
    ]);
    assert.deepEqual(request.params, { ...parameters, offset: '0', length: '5000', api_key: 'some-key' });
    const open = await get('/v2/electricity/rto/region-data/data/', {
      'X-Api-Key': 'some-key',
      'X-Params': JSON.stringify({ ...parameters, end: null, sort: [], length: 1 }),
    });
    assert.equal(open.status, 200);
  });

  it('answers interchange with no rows, because none are shipped', async () => {
    const { response } = await askEia(server.url, 'start=2019-01-01&end=2019-01-02', 'interchange-data');
    assert.equal(response.total, '0');
    assert.deepEqual(response.data, []);
    const { text } = await get('/v2/electricity/rto/interchange-data?api_key=k');
    assert.match(text, /"startPeriod":"2015-07-01T0\d","endPeriod":"2024-12-31T23"/);
  });

  it('lists routes, facets and the values that have data', async () => {
    const list = async (path: string) =>
      (JSON.parse((await get(`${path}?api_key=k`)).text) as { response: Record<string, { id: string }[]> })
        .response;
    const ids = (entries: { id: string }[] | undefined) => entries?.map(({ id }) => id);
    assert.deepEqual(ids((await list('/v2//'))['routes']), ['electricity']);
    assert.deepEqual(ids((await list('/v2/electricity/rto'))['routes']), [
      'region-data',
      'fuel-type-data',
      'interchange-data',
    ]);
    const route = await list('/v2/electricity/rto/region-data');
    assert.deepEqual(ids(route['facets']), ['respondent', 'type']);
    assert.equal(route['endPeriod'], '2024-12-31T23');
    assert.deepEqual(ids((await list('/v2/electricity/rto/region-data/facet'))['facets']), [
      'respondent',
      'type',
    ]);
    const respondents = await list('/v2/electricity/rto/fuel-type-data/facet/respondent');
    assert.deepEqual(ids(respondents['facets']), ['CISO', 'ERCO', 'MISO', 'PACW']);
    assert.equal(respondents['totalFacets'], 4);
    assert.deepEqual(ids((await list('/v2/electricity/rto/region-data/facet/type'))['facets']), ['D', 'DF']);
  });

  it('refuses a missing key with 403, in the words of EIA', async () => {
    const { status, text } = await get('/v2/electricity/rto/region-data/data/?data[]=value');
    assert.equal(status, 403);
    assert.equal((JSON.parse(text) as { error: { code: string } }).error.code, 'API_KEY_MISSING');
  });

  it('answers an unknown route with 500 and 404 in the body', async () => {
    for (const path of [
      '/v2/electricity/wholesale-prices/data/',
      '/v2/electricity/rto/region-data/facet/colour',
      '/v2/petroleum',
    ]) {
      assert.deepEqual(await get(`${path}?api_key=k`), {
        status: 500,
        text: '{"error":"Not found.","code":404}',
      });
    }
  });

  for (const [query, words] of [
    ['frequency=weekly', /Invalid frequency 'weekly'/],
    ['data[]=price', /Invalid data 'price'/],
    ['facets[fueltype][]=SUN', /Invalid facet 'fueltype'/],
    ['facets=PACW', /Invalid facets 'PACW'/],
    ['start=01/02/2019', /Invalid start '01\/02\/2019'/],
    ['end=2019-13-01', /Invalid end '2019-13-01'/],
    ['length=-1', /Invalid length '-1'/],
    ['offset=some', /Invalid offset 'some'/],
    ['sort[0][column]=colour', /Invalid sort column 'colour'/],
    ['sort[0][column]=period&sort[0][direction]=up', /Invalid sort direction 'up'/],
  ] as const) {
    it(`answers ${query} with 400`, async () => {
      const { status, text } = await get(`/v2/electricity/rto/region-data/data/?api_key=k&${query}`);
      assert.equal(status, 400);
      const body = JSON.parse(text) as { error: string; code: number };
      assert.match(body.error, words);
      assert.equal(body.code, 400);
    });
  }

  it('answers a header that is not JSON with 400', async () => {
    const { status } = await get('/v2/electricity/rto/region-data/data/', {
      'X-Api-Key': 'k',
      'X-Params': '{start',
    });
    assert.equal(status, 400);
  });
});

describe('archive server with keys', () => {
  it('lets in the keys it was given and no other', async () => {
    const server = await startArchiveServer({ apiKeys: ['right'] });
    try {
      const status = async (key: string) =>
        (await fetch(`${server.url}/v2/electricity/rto?api_key=${key}`)).status;
      assert.equal(await status('right'), 200);
      assert.equal(await status('wrong'), 403);
      const reply = await fetch(`${server.url}/v2/electricity/rto/region-data/data?api_key=wrong`);
      assert.equal(
        await reply.text(),
        '{\n  "error": {\n    "code": "API_KEY_INVALID",\n    "message": "An invalid api_key was supplied. Get one at https://api.eia.gov:443"\n  }\n}',
      );
    } finally {
      await server.close();
    }
  });
});
