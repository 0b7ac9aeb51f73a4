import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { CorruptArtifactError, InUseError, MissingDataError } from '../../../src/errors.ts';
import { writeColumns } from '../../../src/lake/parquet.ts';
import { startArchiveServer } from '../../../src/sources/archive/server.ts';

const SHIPPED = fileURLToPath(new URL('../../../data', import.meta.url));
const MAIN = fileURLToPath(new URL('../../../src/sources/archive/main.ts', import.meta.url));

async function start(...flags: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, url: (JSON.parse(line) as { url: string }).url };
}

describe('archive server process', () => {
  it('says where it is in one line, serves, and ends on SIGTERM', async () => {
    const { child, url } = await start('--api-key', 'mine');
    assert.equal((await fetch(`${url}/v2?api_key=mine`)).status, 200);
    assert.equal((await fetch(`${url}/v2?api_key=other`)).status, 403);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  it('ends when whoever started it is gone', async () => {
    const { child } = await start();
    child.stdin!.end();
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  it('names a wrong flag in one line and fails', async () => {
    const child = spawn(process.execPath, [MAIN, '--fault', 'earthquake'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const said = await text(child.stderr);
    assert.match(said, /^"earthquake" is not a fault\. Give one of .*\n$/);
    assert.equal(child.exitCode ?? (await once(child, 'exit'))[0], 1);
  });
});

describe('archive server, when it cannot start', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'archive-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('names the port that is in use', async () => {
    const first = await startArchiveServer();
    try {
      await assert.rejects(
        startArchiveServer({ port: first.port }),
        (error) => error instanceof InUseError && error.message.includes(String(first.port)),
      );
    } finally {
      await first.close();
    }
  });

  it('names the file that is not there', async () => {
    await assert.rejects(
      startArchiveServer({ dataFolder: folder }),
      (error) => error instanceof MissingDataError && error.message.includes('PACW.parquet'),
    );
  });

  it('names the file that is cut short', async () => {
    await cp(join(SHIPPED, 'grid'), join(folder, 'grid'), { recursive: true });
    await truncate(join(folder, 'grid', 'CAL.parquet'), 20_000);
    await assert.rejects(
      startArchiveServer({ dataFolder: folder }),
      (error) => error instanceof CorruptArtifactError && error.message.includes('CAL.parquet'),
    );
  });

  it('names the file that holds other hours', async () => {
    await cp(join(SHIPPED, 'grid'), join(folder, 'grid'), { recursive: true });
    await writeColumns(join(folder, 'grid', 'MISO.parquet'), {
      valid_at: { type: 'timestamp', values: Float64Array.of(1_500_000_000, 1_500_003_600) },
      demand_first_mw: { type: 'i32', values: Int32Array.of(1, 2) },
      demand_later_mw: { type: 'i32', values: Int32Array.of(1, 2) },
      forecast_mw: { type: 'i32', values: Int32Array.of(1, 2) },
    });
    await assert.rejects(
      startArchiveServer({ dataFolder: folder }),
      (error) => error instanceof CorruptArtifactError && /MISO.parquet does not hold/.test(error.message),
    );
  });
});
