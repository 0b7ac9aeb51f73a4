import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/config.ts';
import type { ArtifactReference, Manifest } from '../../src/contracts/artifact.ts';
import type { RegionCode } from '../../src/contracts/regions.ts';
import { writeManifest } from '../../src/lake/artifacts.ts';
import { workKey } from '../../src/lake/canonical.ts';
import { sortRows, writeGridFile, yearOf, type GridRows } from '../../src/lake/grid-rows.ts';
import { Home } from '../../src/lake/home.ts';
import { silentLogger, type StageContext, type StageProgress } from '../../src/stages/context.ts';
import type { RawRows } from '../../src/validation/index.ts';

export interface GridHome {
  context: StageContext & { updates: StageProgress[] };
  remove(): Promise<void>;
}

/** A home of its own in the system's temporary folder, and what a stage is given in it. */
export async function openGridHome(signal = new AbortController().signal): Promise<GridHome> {
  const root = await mkdtemp(join(tmpdir(), 'ringwatt-validation-'));
  const updates: StageProgress[] = [];
  const context = {
    home: await Home.open(root),
    config: loadConfig({ home: root }, { environment: {} }),
    signal,
    progress: (update: StageProgress) => void updates.push(update),
    log: silentLogger,
    updates,
  };
  return { context, remove: () => rm(root, { recursive: true, force: true }) };
}

/** Writes the rows of some regions as ingestion would: one file a region and year, and their manifest. */
export async function writeGrid(
  home: Home,
  regions: Partial<Record<RegionCode, RawRows>>,
): Promise<ArtifactReference> {
  const files: Manifest['files'] = [];
  for (const [region, raw] of Object.entries(regions) as [RegionCode, RawRows][]) {
    const rows = sortRows({ ...raw, basis: new Int32Array(raw.length) });
    for (const year of new Set(Array.from(rows.validAt, yearOf))) {
      const file = await writeGridFile(home, region, year, onlyYear(rows, year));
      files.push({ ...file, region, year });
    }
  }
  return writeManifest(home, {
    formatVersion: 1,
    kind: 'grid',
    key: workKey(files),
    madeBy: { stage: 'ingest', version: 1, settings: {} },
    inputs: [],
    files,
    rows: files.reduce((sum, { rows = 0 }) => sum + rows, 0),
    details: {},
  });
}

function onlyYear(rows: GridRows, year: number): GridRows {
  const inside = (_value: number, i: number) => yearOf(rows.validAt[i]!) === year;
  return {
    length: rows.validAt.filter(inside).length,
    labels: rows.labels,
    series: rows.series.filter(inside),
    validAt: rows.validAt.filter(inside),
    value: rows.value.filter(inside),
    availableAt: rows.availableAt.filter(inside),
    basis: rows.basis.filter(inside),
  };
}
