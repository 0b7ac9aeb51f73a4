import type { Manifest } from '../contracts/artifact.ts';
import type { RegionCode } from '../contracts/regions.ts';
import { MissingDataError } from '../errors.ts';
import { verifiedPath } from '../lake/artifacts.ts';
import { readGridFile, type GridRows } from '../lake/grid-rows.ts';
import type { Home } from '../lake/home.ts';
import type { RawRows } from './vintages.ts';

/** All rows, with all revisions, that a grid dataset has of a region. */
export async function readRegionRows(home: Home, grid: Manifest, region: RegionCode): Promise<RawRows> {
  const parts: GridRows[] = [];
  for (const file of grid.files) {
    if (file.region === region) parts.push(await readGridFile(await verifiedPath(home, file)));
  }
  const rows = joinRows(parts);
  if (rows.length === 0) {
    throw new MissingDataError(
      `The grid dataset ${grid.key} has nothing of ${region}.`,
      `Ingest it: ringwatt ingest --regions ${region}`,
    );
  }
  return rows;
}

/** Rows of several files as one set, with one list of labels. */
export function joinRows(parts: readonly RawRows[]): RawRows {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const labels = [...new Set(parts.flatMap((part) => part.labels))].sort();
  const joined: RawRows = {
    length,
    labels,
    series: new Int32Array(length),
    validAt: new Float64Array(length),
    value: new Float64Array(length),
    availableAt: new Float64Array(length),
  };
  let offset = 0;
  for (const part of parts) {
    const recode = part.labels.map((label) => labels.indexOf(label));
    joined.series.set(
      part.series.map((code) => recode[code] ?? -1),
      offset,
    );
    joined.validAt.set(part.validAt, offset);
    joined.value.set(part.value, offset);
    joined.availableAt.set(part.availableAt, offset);
    offset += part.length;
  }
  return joined;
}
