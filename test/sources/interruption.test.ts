import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IngestionWindow } from '../../src/contracts/ingestion.ts';
import { ingestWindow } from '../../src/sources/stage.ts';
import { archive, contextOf, temporaryHome } from './support.ts';

const WINDOW: IngestionWindow = {
  source: 'eia',
  route: 'fuel-type-data',
  region: 'ERCO',
  from: '2020-01-01T01',
  to: '2021-01-01T00',
  dfAvailability: 'operator',
};
const PAGES_IN_FLIGHT = 5;
const CHILD = new URL('ingest-child.ts', import.meta.url).pathname;

describe('a killed ingestion', () => {
  it('fetches again at most the five pages that were on their way', async () => {
    await using server = await archive({ faults: { rates: { slow: 1 }, slowMs: 150 } });
    await using home = await temporaryHome();
    const folder = home.path('raw/eia-archive/fuel-type-data/ERCO/2020-01-01T01_2021-01-01T00');
    const storedPages = async () =>
      (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json.gz')).length;

    const child = spawn(process.execPath, [CHILD, home.root, server.url, JSON.stringify(WINDOW)], {
      stdio: 'ignore',
    });
    const gone = once(child, 'exit');
    while ((await storedPages()) < 3) await sleep(5);
    child.kill('SIGKILL');
    const [, signal] = (await gone) as [number | null, string | null];
    assert.equal(signal, 'SIGKILL', 'it was still at work');

    const stored = await storedPages();
    const asked = server.requests();
    const result = await ingestWindow(contextOf(home, server.url), WINDOW);
    assert.ok(stored < result.pages, `${stored} of ${result.pages} pages were stored`);
    assert.equal(result.pagesReused, stored);
    assert.equal(server.requests() - asked, result.pages - stored);
    assert.ok(server.requests() - result.pages <= PAGES_IN_FLIGHT);
    assert.equal(await storedPages(), result.pages);
  });
});

describe('a window that is opened again', () => {
  it('is rid of what dead processes left half-written, and of nothing that is being written', async () => {
    await using server = await archive();
    await using home = await temporaryHome();
    const folder = home.path('raw/eia-archive/fuel-type-data/ERCO/2020-01-01T01_2021-01-01T00');
    await mkdir(folder, { recursive: true });
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    const [left, old, current] = [dead.pid, process.pid, process.pid].map(
      (pid, i) => `00000000.json.gz.${pid}.0000000${i}.tmp`,
    ) as [string, string, string];
    for (const name of [left, old, current]) await writeFile(join(folder, name), 'half');
    await utimes(join(folder, old), 0, 0);
    await ingestWindow(contextOf(home, server.url), WINDOW);
    const names = await readdir(folder);
    assert.deepEqual(
      names.filter((name) => name.endsWith('.tmp')),
      [current],
    );
    assert.ok(names.includes('00000000.json.gz'));
  });
});

describe('an ingestion on a full disk', () => {
  it('says which file could not be written, leaves nothing half-written, and goes on when there is room', async () => {
    await using server = await archive();
    await using home = await temporaryHome();
    // A limit on file size stands for the full disk: no reply of 5,000 rows fits in 16 blocks.
    const child = spawn(
      'bash',
      [
        '-c',
        'trap "" XFSZ; ulimit -f 16; exec "$@"',
        'bash',
        process.execPath,
        CHILD,
        home.root,
        server.url,
        JSON.stringify(WINDOW),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    assert.notEqual(code, 0);
    assert.match(said, /StorageError: Cannot write .*raw.*\.json\.gz \(EFBIG\)/);
    const left = (await readdir(home.root, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    assert.deepEqual(
      left.map(({ name }) => name),
      ['lake.json'],
    );
    const result = await ingestWindow(contextOf(home, server.url), WINDOW);
    assert.equal(result.pagesReused, 0);
    assert.ok(result.records > 60_000);
  });
});
