import type { Manifest } from '../contracts/artifact.ts';
import type { RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS } from '../contracts/time.ts';
import { MissingDataError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { gridFile } from './forecast-grid.ts';
import { DEMAND_DELAY_HOURS } from './protocol.ts';

/** The newest hour's end that a region has demand of, and when that was first known; seconds since 1970 UTC. */
export interface NewestDemand {
  validAt: number;
  availableAt: number;
}

/** When the newest hour that every region has demand of became known, at the next full hour: seconds since 1970. */
export function newestIssue(regions: readonly NewestDemand[]): number {
  const common = Math.min(...regions.map(({ validAt }) => validAt));
  const seen = regions.filter(({ validAt }) => validAt === common).map(({ availableAt }) => availableAt);
  const known = Math.max(common + DEMAND_DELAY_HOURS * HOUR_SECONDS, ...seen);
  return Math.ceil(known / HOUR_SECONDS) * HOUR_SECONDS;
}

/** The newest demand as it was at a moment within the record: an hour is known some hours after its end. */
export function knownBy(newest: NewestDemand, moment: number): NewestDemand {
  const validAt = moment - DEMAND_DELAY_HOURS * HOUR_SECONDS;
  return validAt < newest.validAt ? { validAt, availableAt: moment } : newest;
}

/** Reads the newest years first, and no more of them than it takes. */
export async function newestDemand(home: Home, grid: Manifest, region: RegionCode): Promise<NewestDemand> {
  const files = grid.files.filter((file) => file.region === region);
  const years = [...new Set(files.map(({ year = 0 }) => year))].sort((a, b) => b - a);
  for (const year of years) {
    const newest: NewestDemand = { validAt: -Infinity, availableAt: Infinity };
    for (const file of files.filter((candidate) => (candidate.year ?? 0) === year)) {
      const rows = await gridFile(home, file);
      const demand = rows.labels.indexOf('D');
      for (let row = 0; row < rows.length; row++) {
        const validAt = rows.validAt[row]!;
        if (rows.series[row] !== demand || Number.isNaN(rows.value[row]!) || validAt < newest.validAt)
          continue;
        const availableAt = rows.availableAt[row]!;
        newest.availableAt =
          validAt > newest.validAt ? availableAt : Math.min(newest.availableAt, availableAt);
        newest.validAt = validAt;
      }
    }
    if (Number.isFinite(newest.validAt)) return newest;
  }
  throw new MissingDataError(
    `The grid record has no demand of ${region}.`,
    `Ingest ${region}, or forecast other regions.`,
  );
}
