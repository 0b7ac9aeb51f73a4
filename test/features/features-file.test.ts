import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import { featuresFile } from '../../src/features/features-file.ts';
import { SHIPPED_WEATHER } from '../../src/features/weather-folder.ts';
import { readFrame, writeFrame } from '../../src/lake/parquet.ts';
import { sixColumns, values } from './frames.ts';

const HEADER = 'timestamp,region,demand_mw,generation_mw,solar_mw,wind_mw';

describe('features of a file', () => {
  let folder: string;
  const path = (name: string) => join(folder, name);
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'ringwatt-features-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('are the same from CSV, gzipped CSV and Parquet', async () => {
    const frame = sixColumns({ hours: 40 });
    await writeFrame(path('in.parquet'), frame);
    const rows = frame
      .toRecords()
      .map((row) =>
        Object.values(row).map((cell: unknown) => (cell instanceof Date ? cell.toISOString() : cell)),
      );
    const csv = [HEADER, ...rows.map((row) => row.join(','))].join('\n');
    await writeFile(path('in.csv'), csv);
    await writeFile(path('in.csv.gz'), gzipSync(csv));
    const tables = [];
    for (const name of ['in.parquet', 'in.csv', 'in.csv.gz']) {
      const result = await featuresFile(path(name), path('out.parquet'));
      assert.deepEqual(result, {
        rows: 40,
        regions: ['PACW'],
        columnsIn: 6,
        columnsOut: 153,
        regionsInUtc: [],
        ignored: [],
      });
      const table = await readFrame(path('out.parquet'));
      tables.push(Object.fromEntries(table.columns.map((column) => [column, values(table, column)])));
    }
    assert.deepEqual(tables[1], tables[0]);
    assert.deepEqual(tables[2], tables[0]);
  });

  it('take gaps, offsets and columns of no use as they come, and say so', async () => {
    await writeFile(
      path('in.csv'),
      `${HEADER},note\n2024-01-01T01:00-08:00,BPAT,MISSING,1,,3,a\n2024-01-01 10:00:00,BPAT,5,EMPTY,2,NaN,b\n`,
    );
    const result = await featuresFile(path('in.csv'), path('out.parquet'));
    assert.deepEqual(result.regionsInUtc, ['BPAT']);
    assert.deepEqual(result.ignored, ['note']);
    const table = await readFrame(path('out.parquet'));
    assert.deepEqual(
      values(table, 'timestamp').map((at) => (at as never as Date).toISOString()),
      ['2024-01-01T09:00:00.000Z', '2024-01-01T10:00:00.000Z'],
    );
    assert.deepEqual(values(table, 'demand_mw'), [null, 5]);
    assert.deepEqual(values(table, 'generation_mw'), [1, null]);
    assert.deepEqual(values(table, 'solar_mw'), [null, 2]);
    assert.deepEqual(values(table, 'wind_mw'), [3, null]);
  });

  for (const [what, name, text, error, names] of [
    [
      'without the needed columns',
      'x.csv',
      'timestamp,region,demand_mw\n',
      BadInputError,
      /generation_mw, solar_mw, wind_mw/,
    ],
    [
      'with a word for a number',
      'x.csv',
      `${HEADER}\n2024-01-01T01,A,1,2,3,4\n2024-01-01T02,A,high,2,3,4\n`,
      BadInputError,
      /"high" as demand_mw in data row 2/,
    ],
    [
      'with a word for a time',
      'x.csv',
      `${HEADER}\nyesterday,A,1,2,3,4\n`,
      BadInputError,
      /"yesterday" as timestamp/,
    ],
    ['without rows', 'x.csv', `${HEADER}\n`, BadInputError, /no rows/],
    ['of another kind', 'x.xlsx', 'x', BadInputError, /neither Parquet nor CSV/],
    ['that is no Parquet', 'x.parquet', 'PAR1 nonsense', CorruptArtifactError, /cannot be read as Parquet/],
    ['that is not there', 'y.csv', undefined, MissingDataError, /is not there/],
  ] as const) {
    it(`of a file ${what} are refused, and nothing is written`, async () => {
      if (text !== undefined) await writeFile(path(name), text);
      await assert.rejects(
        featuresFile(path(name), path('out.parquet')),
        (thrown: unknown) => thrown instanceof error && names.test(thrown.message),
      );
      assert.ok(!(await readdir(folder)).some((file) => file.startsWith('out')));
    });
  }

  it('have the weather of the regions that a folder has runs of', async () => {
    await writeFrame(path('in.parquet'), sixColumns({ region: 'ERCO', start: '2019-07-01T01', hours: 30 }));
    const { columnsIn, columnsOut } = await featuresFile(path('in.parquet'), path('out.parquet'), {
      weather: SHIPPED_WEATHER,
    });
    assert.deepEqual([columnsIn, columnsOut], [6, 163]);
    const table = await readFrame(path('out.parquet'));
    assert.ok((values(table, 'weather_temperature_k') as number[]).every((kelvin) => kelvin > 280));
    await assert.rejects(
      featuresFile(path('in.parquet'), path('other.parquet'), { weather: path('nowhere') }),
      /nowhere has no weather forecasts of ERCO/,
    );
  });

  it('are not written where they cannot be', async () => {
    await writeFrame(path('in.parquet'), sixColumns({ hours: 3 }));
    await assert.rejects(featuresFile(path('in.parquet'), path('out.csv')), /does not end in \.parquet/);
    await assert.rejects(
      featuresFile(path('in.parquet'), path('no/out.parquet')),
      /folder .*no is not there/,
    );
  });
});
