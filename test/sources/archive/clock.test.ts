import assert from 'node:assert/strict';
import { BadInputError } from '../../../src/errors.ts';
import { startArchiveServer, type ArchiveServerOptions } from '../../../src/sources/archive/server.ts';
import { originOf } from '../../../src/sources/origin.ts';
import { BY_PERIOD, PACW_DEMAND, askEia, askOasis } from './archive-client.ts';

/** The last period and the last value that a server with these options has of a series. */
async function lastKnown(options: ArchiveServerOptions, query: string, route = 'region-data') {
  const server = await startArchiveServer(options);
  try {
    const { response } = await askEia(
      server.url,
      `${query}&sort[0][column]=period&sort[0][direction]=desc&length=1`,
      route,
    );
    return response.data[0]?.period;
  } finally {
    await server.close();
  }
}

describe('archive server with a clock', () => {
  it('shows demand one hour after its hour has ended, not earlier', async () => {
    assert.equal(await lastKnown({ clock: '2018-05-01T10:00Z' }, PACW_DEMAND), '2018-05-01T09');
    assert.equal(await lastKnown({ clock: '2018-05-01T10:59:59Z' }, PACW_DEMAND), '2018-05-01T09');
  });

  it('shows the forecast of a local day from 10:00 local standard time of the day before', async () => {
    const forecast = 'facets[respondent][]=PACW&facets[type][]=DF';
    // PACW keeps UTC−8 in standard time: 10:00 there is 18:00 UTC, and the day 2018-05-02 ends at 2018-05-03T08 UTC.
    assert.equal(await lastKnown({ clock: '2018-05-01T18:00Z' }, forecast), '2018-05-03T08');
    assert.equal(await lastKnown({ clock: '2018-05-01T17:59Z' }, forecast), '2018-05-02T08');
    assert.equal(
      await lastKnown({ clock: '2018-05-02T12:00Z', dfAvailability: 'eia' }, forecast),
      '2018-05-03T08',
    );
  });

  it('shows the fuels of a UTC day from noon of the next day', async () => {
    const sun = 'facets[respondent][]=ERCO&facets[fueltype][]=SUN';
    assert.equal(await lastKnown({ clock: '2019-06-02T12:00Z' }, sun, 'fuel-type-data'), '2019-06-02T00');
    assert.equal(await lastKnown({ clock: '2019-06-02T11:59Z' }, sun, 'fuel-type-data'), '2019-06-01T00');
  });

  it('shows the first vintage of a revised hour until 180 days after it', async () => {
    const value = async (clock: string) => {
      const server = await startArchiveServer({ clock });
      try {
        const hour = `${PACW_DEMAND}&start=2020-01-11T09&end=2020-01-11T09&${BY_PERIOD}`;
        return (await askEia(server.url, hour)).response.data[0]?.value;
      } finally {
        await server.close();
      }
    };
    assert.equal(await value('2020-01-11T10:00Z'), '2162');
    assert.equal(await value('2020-07-09T08:59Z'), '2162');
    assert.equal(await value('2020-07-09T09:00Z'), '2157');
  });

  it('hides the same from OASIS', async () => {
    const server = await startArchiveServer({ clock: '2019-07-01T12:00Z' });
    try {
      const query =
        'queryname=SLD_FCST&market_run_id=ACTUAL&startdatetime=20190701T12:00-0000&enddatetime=20190702T00:00-0000';
      assert.match((await askOasis(server.url, query))['INVALID_REQUEST.xml']!, /<m:ERR_CODE>1000</);
    } finally {
      await server.close();
    }
  });

  it('says that it is the archive, and what its clock shows', async () => {
    const server = await startArchiveServer({ clock: '2019-07-01T12:00Z' });
    try {
      const origin = await originOf(server.url, new AbortController().signal);
      assert.deepEqual(origin, { archive: true, simulated: true, now: Date.UTC(2019, 6, 1, 12) / 1000 });
    } finally {
      await server.close();
    }
  });

  it('refuses a clock that is not a time', async () => {
    await assert.rejects(startArchiveServer({ clock: 'noon' }), BadInputError);
  });

  it('can be moved while it serves', async () => {
    const server = await startArchiveServer({ clock: '2018-05-01T10:00Z' });
    const newest = async () => {
      const query = `${PACW_DEMAND}&sort[0][column]=period&sort[0][direction]=desc&length=1`;
      return (await askEia(server.url, query)).response.data[0]?.period;
    };
    try {
      assert.equal(await newest(), '2018-05-01T09');
      await server.setClock('2018-05-08T10:00Z');
      assert.equal(await newest(), '2018-05-08T09');
      assert.equal(
        new Date((await originOf(server.url, AbortSignal.timeout(5000))).now * 1000).toISOString(),
        '2018-05-08T10:00:00.000Z',
      );
      await assert.rejects(server.setClock('soon'), BadInputError);
      assert.equal(await newest(), '2018-05-08T09');
    } finally {
      await server.close();
    }
  });

  it('plants a change in the hours that it is told, and in no others', async () => {
    const planted = [
      { region: 'PACW' as const, series: 'D', from: '2018-05-01T05', to: '2018-05-01T06', factor: 1.1 },
    ];
    const hours = async (options: ArchiveServerOptions) => {
      const server = await startArchiveServer(options);
      try {
        const query = `${PACW_DEMAND}&start=2018-05-01T04&end=2018-05-01T07&${BY_PERIOD}`;
        return (await askEia(server.url, query)).response.data.map(({ value }) => Number(value));
      } finally {
        await server.close();
      }
    };
    const [before, first, last, after] = await hours({});
    assert.deepEqual(await hours({ planted }), [
      before,
      Math.round(first! * 1.1),
      Math.round(last! * 1.1),
      after,
    ]);
  });
});
