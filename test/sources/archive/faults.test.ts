import assert from 'node:assert/strict';
import { BadInputError } from '../../../src/errors.ts';
import { FaultSource, parseFaults } from '../../../src/sources/archive/faults.ts';
import { startArchiveServer, type ArchiveServer } from '../../../src/sources/archive/server.ts';
import { BY_PERIOD, PACW_DEMAND, askEia, askOasis } from './archive-client.ts';

const WEEK = `${PACW_DEMAND}&start=2019-05-01T00&end=2019-05-07T23&${BY_PERIOD}`;
const DATA = `/v2/electricity/rto/region-data/data/?api_key=k&data[]=value&${WEEK}`;
const OASIS =
  '/oasisapi/SingleZip?resultformat=6&queryname=SLD_FCST&market_run_id=DAM&startdatetime=20190701T00:00-0000&enddatetime=20190702T00:00-0000';

async function withFaults<T>(faults: string[], use: (server: ArchiveServer) => Promise<T>): Promise<T> {
  const server = await startArchiveServer({ faults: parseFaults(faults, { slowMs: 300 }) });
  try {
    return await use(server);
  } finally {
    await server.close();
  }
}

describe('archive server with faults', () => {
  let sound: Awaited<ReturnType<typeof askEia>>;
  before(async () => {
    sound = await withFaults([], ({ url }) => askEia(url, WEEK));
  });

  for (const [kind, path, status, words] of [
    ['forbidden', DATA, 403, /API_KEY_INVALID/],
    ['rate-limited', DATA, 429, /OVER_RATE_LIMIT/],
    ['server-error', DATA, 500, /"code":500/],
    ['html', DATA, 200, /^<html>/],
    ['rate-limited', OASIS, 429, /^<html>.*retry your request after 5 seconds/],
    ['server-error', OASIS, 500, /^<html>/],
    ['html', OASIS, 200, /^<html>/],
  ] as const) {
    it(`answers ${path.slice(1, 6)} with ${kind} once, then soundly`, async () => {
      await withFaults([`${kind}@1`], async ({ url }) => {
        const spoilt = await fetch(`${url}${path}`);
        assert.equal(spoilt.status, status);
        assert.match(await spoilt.text(), words);
        const next = await fetch(`${url}${path}`);
        assert.equal(next.status, 200);
        assert.doesNotMatch(await next.text(), /^<html>/);
      });
    });
  }

  it('breaks the connection in the middle of a body', async () => {
    await withFaults(['cut-off@1'], async ({ url }) => {
      const response = await fetch(`${url}${DATA}`);
      assert.equal(response.status, 200);
      await assert.rejects(response.text());
      assert.equal((await askEia(url, WEEK)).response.total, '168');
    });
  });

  it('ends a body in the middle', async () => {
    await withFaults(['truncated'], async ({ url }) => {
      const text = await (await fetch(`${url}${DATA}`)).text();
      assert.throws(() => JSON.parse(text), SyntaxError);
    });
  });

  it('lets a reply wait', async () => {
    await withFaults(['slow@1'], async ({ url }) => {
      const order: string[] = [];
      const late = askEia(url, WEEK).then(() => order.push('slow'));
      await askEia(url, WEEK);
      order.push('sound');
      await late;
      assert.deepEqual(order, ['sound', 'slow']);
    });
  });

  it('gives the rows of a page in another order', async () => {
    const { response } = await withFaults(['unsorted'], ({ url }) => askEia(url, WEEK));
    assert.notDeepEqual(response.data, sound.response.data);
    assert.deepEqual(
      response.data.toSorted((a, b) => (a.period < b.period ? -1 : 1)),
      sound.response.data,
    );
  });

  it('tells another total from request to request', async () => {
    const totals = await withFaults(['shifting-total'], async ({ url }) => [
      (await askEia(url, WEEK)).response.total,
      (await askEia(url, WEEK)).response.total,
    ]);
    assert.equal(new Set([...totals, '168']).size, 3);
  });

  it('mixes values as text and as numbers without changing them', async () => {
    const { response } = await withFaults(['mixed-values'], ({ url }) => askEia(url, WEEK));
    assert.deepEqual(new Set(response.data.map(({ value }) => typeof value)), new Set(['string', 'number']));
    assert.equal(response.total, 168);
    assert.deepEqual(
      response.data.map(({ value }) => String(value)),
      sound.response.data.map(({ value }) => value),
    );
  });

  it('puts null in place of some values', async () => {
    const { response } = await withFaults(['null-values'], ({ url }) => askEia(url, WEEK));
    assert.equal(response.data.filter(({ value }) => value === null).length, 3);
  });

  it('repeats rows', async () => {
    const { response } = await withFaults(['duplicates'], ({ url }) => askEia(url, WEEK));
    assert.ok(response.data.length > 168);
    assert.equal(new Set(response.data.map(({ period }) => period)).size, 168);
  });

  it('says that OASIS is still at it', async () => {
    await withFaults(['still-processing@1'], async ({ url }) => {
      const query = OASIS.slice(OASIS.indexOf('queryname'));
      assert.match((await askOasis(url, query))['INVALID_REQUEST.xml']!, /<m:ERR_CODE>1015</);
      assert.match(Object.keys(await askOasis(url, query))[0]!, /\.csv$/);
    });
  });
});

describe('faults', () => {
  const kinds = (seed: number) => {
    const source = new FaultSource(parseFaults(['server-error=0.25', 'duplicates=0.5'], { seed }));
    return Array.from({ length: 400 }, () => {
      const { failing, content } = source.next();
      return `${failing ?? ''}${[...content].join()}`;
    });
  };

  it('hit the same requests for the same seed and others for another', () => {
    assert.deepEqual(kinds(1), kinds(1));
    assert.notDeepEqual(kinds(1), kinds(2));
  });

  it('hit about the share that was asked for', () => {
    const failed = kinds(1).filter((kind) => kind.startsWith('server-error')).length;
    assert.ok(failed > 70 && failed < 130, `${failed} of 400`);
  });

  for (const text of ['earthquake', 'slow=2', 'slow@0', 'slow@1.5', 'slow=some']) {
    it(`refuse "${text}"`, () => {
      assert.throws(() => parseFaults([text]), BadInputError);
    });
  }
});
