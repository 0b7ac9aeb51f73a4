import assert from 'node:assert/strict';
import { startArchiveServer, type ArchiveServer } from '../../../src/sources/archive/server.ts';
import { askOasis, parseCsv } from './archive-client.ts';

describe('archive server, OASIS shapes', () => {
  let server: ArchiveServer;
  before(async () => (server = await startArchiveServer()));
  after(() => server.close());

  const rows = async (query: string) => {
    const [[name, text] = ['', '']] = Object.entries(await askOasis(server.url, query));
    assert.match(name, /\.csv$/);
    return parseCsv(text);
  };
  const errorOf = async (query: string) =>
    /<m:ERR_CODE>(\d+)</.exec((await askOasis(server.url, query))['INVALID_REQUEST.xml'] ?? '')?.[1];

  it('names file, columns and items as OASIS does', async () => {
    const query =
      'queryname=SLD_FCST&market_run_id=DAM&startdatetime=20190701T07:00-0000&enddatetime=20190701T08:00-0000';
    const response = await fetch(`${server.url}/oasisapi/SingleZip?version=1&resultformat=6&${query}`);
    assert.equal(response.headers.get('content-type'), 'application/x-zip-compressed');
    assert.match(
      response.headers.get('content-disposition')!,
      /^inline; filename=20190701_20190701_SLD_FCST_DAM_\d{8}_\d\d_\d\d_\d\d_v1\.zip;$/,
    );
    assert.deepEqual(await rows(query), [
      {
        INTERVALSTARTTIME_GMT: '2019-07-01T07:00:00-00:00',
        INTERVALENDTIME_GMT: '2019-07-01T08:00:00-00:00',
        LOAD_TYPE: '0',
        OPR_DT: '2019-07-01',
        OPR_HR: '1',
        OPR_INTERVAL: '0',
        MARKET_RUN_ID: 'DAM',
        TAC_AREA_NAME: 'CA ISO-TAC',
        LABEL: 'Demand Forecast Day Ahead',
        XML_DATA_ITEM: 'SYS_FCST_DA_MW',
        POS: '3.8',
        MW: '23421',
        EXECUTION_TYPE: 'DAM',
        GROUP: '1',
      },
    ]);
  });

  for (const { name, from, to, day, hours } of [
    {
      name: 'the day daylight saving ends',
      from: '20191103T07:00',
      to: '20191104T08:00',
      day: '2019-11-03',
      hours: 25,
    },
    {
      name: 'the day daylight saving begins',
      from: '20190310T08:00',
      to: '20190311T07:00',
      day: '2019-03-10',
      hours: 23,
    },
    { name: 'any other day', from: '20190601T07:00', to: '20190602T07:00', day: '2019-06-01', hours: 24 },
  ]) {
    it(`counts ${hours} hours on ${name}`, async () => {
      const found = await rows(
        `queryname=SLD_FCST&market_run_id=ACTUAL&startdatetime=${from}-0000&enddatetime=${to}-0000`,
      );
      const inOrder = found.toSorted((a, b) =>
        a['INTERVALSTARTTIME_GMT']! < b['INTERVALSTARTTIME_GMT']! ? -1 : 1,
      );
      assert.deepEqual(
        inOrder.map((row) => row['OPR_HR']),
        Array.from({ length: hours }, (_, index) => String(index + 1)),
      );
      assert.deepEqual(new Set(found.map((row) => row['OPR_DT'])), new Set([day]));
      assert.notDeepEqual(found, inOrder);
    });
  }

  it('reads bounds with an offset as the same hours', async () => {
    const starts = async (from: string, to: string) =>
      (await rows(`queryname=SLD_FCST&market_run_id=ACTUAL&startdatetime=${from}&enddatetime=${to}`))
        .map((row) => row['INTERVALSTARTTIME_GMT'])
        .toSorted();
    assert.deepEqual(
      await starts('20190601T00:00-0700', '20190602T00:00-0700'),
      await starts('20190601T07:00-0000', '20190602T07:00-0000'),
    );
  });

  it('gives solar and wind as renewables and their hour’s total generation as schedules', async () => {
    const bounds = 'startdatetime=20190101T00:00-0000&enddatetime=20190101T01:00-0000';
    const renewables = await rows(`queryname=SLD_REN_FCST&market_run_id=ACTUAL&${bounds}`);
    assert.deepEqual(
      renewables.map((row) => `${row['RENEWABLE_TYPE']} ${row['MW']} ${row['XML_DATA_ITEM']}`).toSorted(),
      ['Solar 0 RENEW_FCST_ACT_MW', 'Wind 2187 RENEW_FCST_ACT_MW'],
    );
    const [schedule, ...rest] = await rows(`queryname=ENE_SLRS&market_run_id=RTM&${bounds}`);
    assert.equal(rest.length, 0);
    assert.equal(schedule?.['MW'], String(11 + 9094 + 2274 + 87 + 0 + 0 + 3328 + 2187));
    assert.equal(schedule?.['XML_DATA_ITEM'], 'ISO_TOT_GEN_MW');
  });

  for (const [code, meaning, query] of [
    [
      '1000',
      'no data',
      'queryname=SLD_REN_FCST&market_run_id=DAM&startdatetime=20190101T00:00-0000&enddatetime=20190102T00:00-0000',
    ],
    [
      '1001',
      'an unknown report',
      'queryname=SLD_RTO&market_run_id=RTM&startdatetime=20190101T00:00-0000&enddatetime=20190102T00:00-0000',
    ],
    [
      '1001',
      'a market that the report has not',
      'queryname=ENE_SLRS&market_run_id=2DA&startdatetime=20190101T00:00-0000&enddatetime=20190102T00:00-0000',
    ],
    [
      '1002',
      'a date with dashes',
      'queryname=ENE_SLRS&market_run_id=RTM&startdatetime=2024-01-01T00:00-0000&enddatetime=2024-01-02T23:59-0000',
    ],
    [
      '1004',
      'more than 31 days',
      'queryname=SLD_FCST&market_run_id=DAM&startdatetime=20190101T00:00-0000&enddatetime=20190201T01:00-0000',
    ],
  ] as const) {
    it(`answers ${meaning} with error ${code} in a zip`, async () => {
      assert.equal(await errorOf(query), code);
    });
  }

  it('gives 31 days in one reply', async () => {
    const month = await rows(
      'queryname=SLD_FCST&market_run_id=ACTUAL&startdatetime=20190501T00:00-0000&enddatetime=20190601T00:00-0000',
    );
    assert.equal(month.length, 744);
  });
});
