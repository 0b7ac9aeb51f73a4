import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import type { RegionCode } from '../contracts/regions.ts';
import { MissingDataError } from '../errors.ts';
import { verifiedPath } from '../lake/artifacts.ts';
import { readGridFile, type GridRows } from '../lake/grid-rows.ts';
import type { Home } from '../lake/home.ts';

/** Rows kept in memory, 36 bytes each: three years of five regions, with room for as much again. */
const KEPT_ROWS = 4e6;

/**
 * The grid's files as they were read: between two forecasts of a process most of the record stays what it was, and a
 * file is named by its hash. The ones asked for last are kept.
 */
const kept = new Map<string, Promise<GridRows>>();

export function gridFile(home: Home, file: ArtifactReference): Promise<GridRows> {
  const rows = kept.get(file.sha256) ?? verifiedPath(home, file).then(readGridFile);
  kept.delete(file.sha256);
  kept.set(file.sha256, rows);
  rows.then(forgetOldest, () => kept.delete(file.sha256));
  return rows;
}

/** As if the process had just begun. */
export function forgetGrid(): void {
  kept.clear();
}

async function forgetOldest(): Promise<void> {
  let length = 0;
  for (const [key, file] of [...kept].reverse()) {
    length += (await file.catch(() => undefined))?.length ?? 0;
    if (length > KEPT_ROWS) kept.delete(key);
  }
}

/** All files that the grid has of a region; refuses a region of which it has none. */
export function filesOf({ files, key }: Manifest, region: RegionCode): Manifest['files'] {
  const own = files.filter((file) => file.region === region);
  if (own.length > 0) return own;
  throw new MissingDataError(
    `The grid dataset ${key} has nothing of ${region}.`,
    `Ingest it: ringwatt ingest --regions ${region}`,
  );
}

/** Which rows of a grid file are asked for; moments in seconds since 1970 UTC. */
export interface RowsAsked {
  knownBy: number;
  /** Of hours that end from then on. */
  from: number;
  series(label: string): boolean;
}

/** Rows of several files as one table. */
export function joined(
  files: readonly GridRows[],
  { knownBy, from, series }: RowsAsked,
): Omit<GridRows, 'basis'> {
  const labels = [...new Set(files.flatMap((file) => file.labels))].filter(series).sort();
  const chosen = files.map((file) => {
    const codes = file.labels.map((label) => labels.indexOf(label));
    const rows = new Uint32Array(file.length);
    let length = 0;
    for (let row = 0; row < file.length; row++) {
      if (codes[file.series[row]!]! < 0 || file.validAt[row]! < from || file.availableAt[row]! > knownBy)
        continue;
      rows[length++] = row;
    }
    return { file, codes, rows: rows.subarray(0, length) };
  });
  const length = chosen.reduce((sum, { rows }) => sum + rows.length, 0);
  const result = {
    ...{ length, labels, series: new Int32Array(length), validAt: new Float64Array(length) },
    ...{ value: new Float64Array(length), availableAt: new Float64Array(length) },
  };
  let to = 0;
  for (const { file, codes, rows } of chosen) {
    for (const row of rows) {
      result.series[to] = codes[file.series[row]!]!;
      result.validAt[to] = file.validAt[row]!;
      result.value[to] = file.value[row]!;
      result.availableAt[to] = file.availableAt[row]!;
      to++;
    }
  }
  return result;
}
