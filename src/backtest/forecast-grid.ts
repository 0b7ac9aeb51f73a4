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

/** The rows of several files as one table, those alone that were known by a moment, in seconds since 1970. */
export function joined(files: readonly GridRows[], knownBy: number): Omit<GridRows, 'basis'> {
  const labels = [...new Set(files.flatMap((file) => file.labels))].sort();
  const isKnown = (file: GridRows, row: number) => file.availableAt[row]! <= knownBy;
  let length = 0;
  for (const file of files) for (let row = 0; row < file.length; row++) if (isKnown(file, row)) length++;
  const rows = {
    ...{ length, labels, series: new Int32Array(length), validAt: new Float64Array(length) },
    ...{ value: new Float64Array(length), availableAt: new Float64Array(length) },
  };
  let to = 0;
  for (const file of files) {
    const codes = file.labels.map((label) => labels.indexOf(label));
    for (let row = 0; row < file.length; row++) {
      if (!isKnown(file, row)) continue;
      rows.series[to] = codes[file.series[row]!] ?? -1;
      rows.validAt[to] = file.validAt[row]!;
      rows.value[to] = file.value[row]!;
      rows.availableAt[to] = file.availableAt[row]!;
      to++;
    }
  }
  return rows;
}
