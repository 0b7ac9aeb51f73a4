import type { Manifest } from '../contracts/artifact.ts';
import type { RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS } from '../contracts/time.ts';
import { BadInputError, MissingDataError } from '../errors.ts';
import { verifiedPath } from './artifacts.ts';
import { AVAILABLE_BASES, readGridFile, type AvailableBasis, type GridRows } from './grid-rows.ts';
import type { Home } from './home.ts';

export interface SeriesQuery {
  /** `D`, `DF`, `NG`, `TI`, `FUEL:SUN` … */
  series: string;
  /** First and last hour's end in seconds since 1970 UTC, both included. */
  from: number;
  to: number;
  /** Only what was known at this moment, in seconds since 1970 UTC. Default: everything. */
  asOf?: number;
  /** Of an hour's revisions, the one known first or the one known last. */
  vintage: 'first' | 'latest';
}

/** Every hour from `from` to `to`, each exactly once, ascending; NaN and null where nothing is known. */
export interface HourlySeries {
  validAt: Float64Array;
  /** MW; NaN where nothing is known or the source said null. */
  value: Float64Array;
  /** When the value became known; NaN where there is no row. */
  availableAt: Float64Array;
  basis: (AvailableBasis | null)[];
}

/** The grid rows of one region, held in memory for several reads. */
export class RegionGrid {
  readonly region: RegionCode;
  readonly #files: readonly GridRows[];

  constructor(region: RegionCode, files: readonly GridRows[]) {
    this.region = region;
    this.#files = files;
  }

  /** The series that have at least one row. */
  get series(): string[] {
    return [...new Set(this.#files.flatMap(({ labels }) => labels))].sort();
  }

  read({ series, from, to, asOf = Infinity, vintage }: SeriesQuery): HourlySeries {
    const hours = hoursBetween(from, to);
    const result: HourlySeries = {
      validAt: Float64Array.from({ length: hours }, (_unused, i) => from + i * HOUR_SECONDS),
      value: new Float64Array(hours).fill(Number.NaN),
      availableAt: new Float64Array(hours).fill(Number.NaN),
      basis: new Array<AvailableBasis | null>(hours).fill(null),
    };
    for (const rows of this.#files) {
      const code = rows.labels.indexOf(series);
      if (code < 0) continue;
      for (let i = 0; i < rows.length; i++) {
        const hour = (rows.validAt[i]! - from) / HOUR_SECONDS;
        if (rows.series[i] !== code || hour < 0 || hour >= hours) continue;
        const availableAt = rows.availableAt[i]!;
        if (availableAt > asOf || !replaces(availableAt, result.availableAt[hour]!, vintage)) continue;
        result.value[hour] = rows.value[i]!;
        result.availableAt[hour] = availableAt;
        result.basis[hour] = AVAILABLE_BASES[rows.basis[i]!] ?? null;
      }
    }
    return result;
  }
}

/** Reads all files that a grid manifest has of a region; refuses one whose hash differs. */
export async function openRegion(home: Home, grid: Manifest, region: RegionCode): Promise<RegionGrid> {
  const files: GridRows[] = [];
  for (const file of grid.files) {
    if (file.region === region) files.push(await readGridFile(await verifiedPath(home, file)));
  }
  if (files.length === 0) {
    throw new MissingDataError(
      `The grid dataset ${grid.key} has nothing of ${region}.`,
      `Ingest it: ringwatt ingest --regions ${region}`,
    );
  }
  return new RegionGrid(region, files);
}

/** One series of one region; to read several, `openRegion` once. */
export async function readSeries(
  home: Home,
  grid: Manifest,
  { region, ...query }: SeriesQuery & { region: RegionCode },
): Promise<HourlySeries> {
  return (await openRegion(home, grid, region)).read(query);
}

/** Of equal times the later row wins for `latest` and the earlier one for `first`, as they are stored. */
function replaces(candidate: number, current: number, vintage: 'first' | 'latest'): boolean {
  if (Number.isNaN(current)) return true;
  return vintage === 'latest' ? candidate >= current : candidate < current;
}

function hoursBetween(from: number, to: number): number {
  const hours = (to - from) / HOUR_SECONDS + 1;
  if (!Number.isInteger(hours) || from % HOUR_SECONDS !== 0 || hours < 1) {
    throw new BadInputError(
      `${from} to ${to} is not a span of whole hours.`,
      'Give the first and the last hour in seconds since 1970, first one first.',
    );
  }
  return hours;
}
