import type pl from 'nodejs-polars';
import type { Manifest } from '../contracts/artifact.ts';
import type { RegionCode } from '../contracts/regions.ts';
import { MissingDataError } from '../errors.ts';
import { verifiedPath } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { Columns, readFrame } from '../lake/parquet.ts';
import type { RawRows } from './vintages.ts';

/** All rows, with all revisions, that a grid dataset has of a region. */
export async function readRegionRows(home: Home, grid: Manifest, region: RegionCode): Promise<RawRows> {
  let whole: pl.DataFrame | undefined;
  for (const file of grid.files) {
    if (file.region !== region) continue;
    const path = await verifiedPath(home, file);
    const year = await readFrame(path, ['valid_at', 'series', 'value_mw', 'available_at']);
    whole = whole?.vstack(year) ?? year;
  }
  if (whole === undefined || whole.height === 0) {
    throw new MissingDataError(
      `The grid dataset ${grid.key} has nothing of ${region}.`,
      `Ingest it: ringwatt ingest --regions ${region}`,
    );
  }
  // All years at once: turning columns into arrays costs by the call, not by the row.
  const columns = new Columns(whole);
  const { codes, labels } = columns.categories('series');
  return {
    length: columns.rows,
    labels,
    series: codes,
    validAt: columns.seconds('valid_at'),
    value: columns.f64('value_mw'),
    availableAt: columns.seconds('available_at'),
  };
}
