import assert from 'node:assert/strict';
import { chmod, readFile, readdir, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { DuckDBInstance } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import { readColumns, toParquet, writeColumns, type ColumnInput } from '../../src/lake/parquet.ts';
import { temporaryHome } from '../sources/support.ts';

const hour = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((hours) => hours * 3600);
const row = fc.record({
  at: fc.oneof(hour, fc.constant(Number.NaN)),
  value: fc.oneof(fc.double({ noNaN: true }), fc.constant(Number.NaN)),
  small: fc.oneof(fc.float({ noNaN: true }), fc.constant(Number.NaN)),
  count: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  flag: fc.option(fc.boolean()),
  text: fc.option(fc.string()),
  code: fc.integer({ min: -1, max: 2 }),
});

describe('Parquet', () => {
  it('gives back every column as it was written, with nulls where NaN was', async () => {
    await using home = await temporaryHome();
    const path = home.path('t.parquet');
    const labels = ['b', 'a', 'c'];
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 40 }), async (rows) => {
        const columns: Record<string, ColumnInput> = {
          at: { type: 'timestamp', values: Float64Array.from(rows, ({ at }) => at) },
          value: { type: 'f64', values: Float64Array.from(rows, ({ value }) => value) },
          small: { type: 'f32', values: Float32Array.from(rows, ({ small }) => small) },
          count: { type: 'i32', values: Int32Array.from(rows, ({ count }) => count) },
          flag: { type: 'bool', values: rows.map(({ flag }) => flag) },
          text: { type: 'utf8', values: rows.map(({ text }) => text) },
          code: { type: 'category', codes: Int32Array.from(rows, ({ code }) => code), labels },
        };
        assert.equal(await writeColumns(path, columns), rows.length);
        const read = await readColumns(path);
        assert.deepEqual(read.names, Object.keys(columns));
        assert.deepEqual(
          Array.from(read.seconds('at')),
          rows.map(({ at }) => at),
        );
        assert.deepEqual(
          Array.from(read.f64('value')),
          rows.map(({ value }) => value),
        );
        assert.deepEqual(
          Array.from(read.f64('small')),
          rows.map(({ small }) => small),
        );
        assert.deepEqual(
          Array.from(read.f64('count')),
          rows.map(({ count }) => count),
        );
        assert.deepEqual(
          read.booleans('flag'),
          rows.map(({ flag }) => flag),
        );
        assert.deepEqual(
          read.strings('text'),
          rows.map(({ text }) => text),
        );
        assert.deepEqual(
          read.strings('code'),
          rows.map(({ code }) => labels[code] ?? null),
        );
        assert.deepEqual(
          read.frame.getColumn('value').nullCount(),
          rows.filter(({ value }) => Number.isNaN(value)).length,
        );
      }),
      { numRuns: 40 },
    );
  });

  it('is read by DuckDB with the time zone and the nulls', async () => {
    await using home = await temporaryHome();
    const path = home.path('t.parquet');
    await writeColumns(path, {
      valid_at: { type: 'timestamp', values: Float64Array.of(1514764800, 1514768400) },
      value_mw: { type: 'f64', values: Float64Array.of(12.5, Number.NaN) },
    });
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const reader = await connection.runAndReadAll(
      `select typeof(valid_at) as type, epoch(valid_at) as at, value_mw from read_parquet('${path}')`,
    );
    assert.deepEqual(reader.getRowObjects(), [
      { type: 'TIMESTAMP WITH TIME ZONE', at: 1514764800, value_mw: 12.5 },
      { type: 'TIMESTAMP WITH TIME ZONE', at: 1514768400, value_mw: null },
    ]);
    connection.closeSync();
  });

  it('gives equal bytes for equal columns', () => {
    const make = () =>
      toParquet({
        value: { type: 'f64', values: Float64Array.from({ length: 5000 }, (_unused, i) => Math.sin(i)) },
      });
    assert.ok(make().equals(make()));
  });

  it('refuses columns of unequal length by name', async () => {
    await using home = await temporaryHome();
    await assert.rejects(
      writeColumns(home.path('t.parquet'), {
        a: { type: 'f64', values: new Float64Array(3) },
        b: { type: 'utf8', values: ['x'] },
      }),
      /Column b has 1 values where a has 3/,
    );
  });

  it('names a missing file, a missing column, and a damaged file', async () => {
    await using home = await temporaryHome();
    const path = home.path('t.parquet');
    await assert.rejects(
      readColumns(path),
      (error) => error instanceof MissingDataError && error.message.includes(path),
    );
    await assert.rejects(readColumns(home.root), MissingDataError);
    await writeColumns(path, {
      a: { type: 'f64', values: Float64Array.from({ length: 9999 }, Math.random) },
    });
    await assert.rejects(
      readColumns(path, ['a', 'demand_mw']),
      (error) => error instanceof BadInputError && /has no column demand_mw/.test(error.message),
    );
    const whole = await readFile(path);
    const overwritten = Buffer.from(whole).fill(7, 100, 2000);
    for (const damage of [
      whole.subarray(0, 500),
      Buffer.alloc(0),
      Buffer.from('PAR1 nothing PAR1'),
      overwritten,
    ]) {
      await writeFile(path, damage);
      await assert.rejects(readColumns(path, ['a']), CorruptArtifactError);
    }
  });

  for (const kind of ['bytes', 'columns']) {
    it(`leaves nothing behind on a disk that is full: ${kind}`, async () => {
      await using home = await temporaryHome();
      const script = new URL('full-disk-child.ts', import.meta.url).pathname;
      // A limit on file size stands for the full disk: the write fails half-way, with EFBIG in place of ENOSPC.
      const { stdout } = spawnSync(
        'bash',
        ['-c', 'trap "" XFSZ; ulimit -f 8; exec "$@"', 'bash', process.execPath, script, home.root, kind],
        { encoding: 'utf8' },
      );
      assert.match(stdout, /^StorageError: Cannot write .*big\.parquet \(EFBIG\)\. .*--home/);
      assert.deepEqual(await readdir(home.root), ['lake.json']);
    });
  }

  it('says so when a file stands where a folder should be', async () => {
    await using home = await temporaryHome();
    await assert.rejects(
      writeColumns(home.path('lake.json', 't.parquet'), { a: { type: 'f64', values: new Float64Array(1) } }),
      /Cannot write .*t\.parquet \((ENOTDIR|EEXIST)\)/,
    );
  });

  it('says so when the folder cannot be written', async function () {
    // Root may write anywhere.
    if (process.getuid?.() === 0) this.skip();
    await using home = await temporaryHome();
    await chmod(home.root, 0o500);
    await assert.rejects(
      writeColumns(home.path('grid', 't.parquet'), { a: { type: 'f64', values: new Float64Array(1) } }),
      { name: 'StorageError' },
    );
    await chmod(home.root, 0o700);
  });
});
