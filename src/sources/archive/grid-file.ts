import { stat } from 'node:fs/promises';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { CorruptArtifactError, MissingDataError } from '../../errors.ts';
import { FIRST_PERIOD, HOURS, LAST_PERIOD } from './timeline.ts';

/** Stands for null in the integer columns. */
export const NO_VALUE = -0x8000_0000;

/** MW by hour index of the timeline, by column. */
export type GridColumns = Map<string, Int32Array>;

const CURE = 'Restore the data/ folder of the repository, or make it again with data/convert.ts.';

/** Files this process has read, by path, size and time: a second server in it starts at once. */
const alreadyRead = new Map<string, GridColumns>();

/**
 * Reads files in a row. Throws `MissingDataError` or `CorruptArtifactError`, which name the file. The arrays are
 * shared: nobody writes into them.
 */
export async function readGridFiles(paths: readonly string[]): Promise<GridColumns[]> {
  const identities = await Promise.all(paths.map(identify));
  const unread = paths.filter((_, index) => !alreadyRead.has(identities[index]!));
  if (unread.length > 0) {
    const files = await readWithDuckDb(unread);
    for (const [index, path] of unread.entries()) {
      alreadyRead.set(identities[paths.indexOf(path)]!, files[index]!);
    }
  }
  return identities.map((identity) => alreadyRead.get(identity)!);
}

async function identify(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path).catch(() => {
    throw new MissingDataError(`${path} is not there.`, CURE);
  });
  return `${path} ${size} ${mtimeMs}`;
}

/** With one thread and little memory: the server is to stay lean. */
async function readWithDuckDb(paths: readonly string[]): Promise<GridColumns[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '128MB' });
  const connection = await instance.connect();
  try {
    const files: GridColumns[] = [];
    for (const path of paths) files.push(await readGridFile(connection, path));
    return files;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function readGridFile(connection: DuckDBConnection, path: string): Promise<GridColumns> {
  const file = `read_parquet('${path.replaceAll("'", "''")}')`;
  try {
    await checkHours(connection, file, path);
    return await readIntegers(connection, file);
  } catch (error) {
    if (error instanceof CorruptArtifactError) throw error;
    throw new CorruptArtifactError(`${path} cannot be read: ${(error as Error).message}.`, CURE, {
      cause: error,
    });
  }
}

async function readIntegers(connection: DuckDBConnection, file: string): Promise<GridColumns> {
  const result = await connection.stream(`SELECT * EXCLUDE (valid_at) FROM ${file} ORDER BY valid_at`);
  const arrays = result.columnNames().map(() => new Int32Array(HOURS));
  for (let start = 0; ;) {
    const chunk = await result.fetchChunk();
    const rows = chunk?.rowCount ?? 0;
    if (!chunk || rows === 0) break;
    for (const [column, array] of arrays.entries()) {
      const vector = chunk.getColumnVector(column);
      for (let row = 0; row < rows; row++) {
        array[start + row] = (vector.getItem(row) as number | null) ?? NO_VALUE;
      }
    }
    start += rows;
  }
  return new Map(result.columnNames().map((name, column) => [name, arrays[column]!]));
}

async function checkHours(connection: DuckDBConnection, file: string, path: string): Promise<void> {
  const reader = await connection.runAndReadAll(
    `SELECT count(DISTINCT valid_at) = ${HOURS} AND count(*) = ${HOURS}
        AND min(epoch(valid_at)) = epoch(TIMESTAMP '${FIRST_PERIOD.replace('T', ' ')}:00:00')
        AND max(epoch(valid_at)) = epoch(TIMESTAMP '${LAST_PERIOD.replace('T', ' ')}:00:00')
        AND count(demand_first_mw) + count(demand_later_mw) + count(forecast_mw) > 0 FROM ${file}`,
  );
  if (reader.getRows()[0]?.[0] !== true) {
    throw new CorruptArtifactError(
      `${path} does not hold the ${HOURS} hours from ${FIRST_PERIOD} to ${LAST_PERIOD}.`,
      CURE,
    );
  }
}
