import { filesOf, gridFile, joined } from '../../backtest/forecast-grid.ts';
import { newestRecord } from '../../backtest/newest-record.ts';
import type { RegionCode } from '../../contracts/regions.ts';
import { fromHourStamp } from '../../contracts/time.ts';
import { yearOf } from '../../lake/grid-rows.ts';
import type { Home } from '../../lake/home.ts';
import { whole, type ScoredHours } from '../../monitoring/drift/scored-hours.ts';
import { madeForecasts, type ForecastKind, type MadeForecasts } from './made-forecasts.ts';
import { regionQuality, type RegionQuality } from './region-quality.ts';

export interface ForecastQuality {
  /** Each of one kind: the day ahead, or the hours after the newest demand where no day ahead was forecast. */
  regions: (RegionQuality & { by: ForecastKind })[];
  /** Forecasts of a region that are left out: asked for about the past, or hourly beside day-ahead ones. */
  leftOut: { late: number; hourly: number };
}

/**
 * The forecasts that were made when they were due, beside what came: of an hour that several foretold, what the last one
 * said.
 */
export async function forecastQuality(home: Home, model: string): Promise<ForecastQuality> {
  const { rows, late } = await madeForecasts(home, model);
  const found: ForecastQuality = { regions: [], leftOut: { late, hourly: 0 } };
  for (const region of [...new Set(rows.map((row) => row.region))].sort()) {
    const own = rows.filter((row) => row.region === region);
    const came = await valuesOf(home, region, Math.min(...own.map(({ hour }) => fromHourStamp(hour))));
    const ofKind = (by: ForecastKind) => own.filter((row) => row.by === by);
    for (const by of ['day-ahead', 'hourly'] as const) {
      const scored = scoredHours(ofKind(by), came);
      if (scored.validAt.length === 0) continue;
      found.regions.push({ ...regionQuality(region, scored), by });
      if (by === 'day-ahead') {
        found.leftOut.hourly += new Set(ofKind('hourly').map(({ issuedAt }) => issuedAt)).size;
      }
      break;
    }
  }
  return found;
}

type Came = (series: string, at: number) => number;

function scoredHours(rows: MadeForecasts['rows'], came: Came): ScoredHours {
  const last = new Map(
    rows.toSorted((a, b) => (a.issuedAt < b.issuedAt ? -1 : 1)).map((row) => [fromHourStamp(row.hour), row]),
  );
  const at = Float64Array.from([...last.keys()].sort((a, b) => a - b));
  return whole({
    validAt: at,
    actual: at.map((hour) => came('D', hour)),
    model: at.map((hour) => last.get(hour)!.forecastMw),
    operator: at.map((hour) => came('DF', hour)),
    naive: at.map((hour) => last.get(hour)!.latestKnownMw),
  });
}

/** What the newest record has of a series at an hour, revisions counted; NaN where it has nothing. */
async function valuesOf(home: Home, region: RegionCode, from: number): Promise<Came> {
  const { manifest } = await newestRecord(home, [region]);
  const year = yearOf(from);
  const files = filesOf(manifest, region).filter((file) => (file.year ?? Infinity) >= year);
  const rows = joined(await Promise.all(files.map((file) => gridFile(home, file))), {
    knownBy: Infinity,
    from,
    series: (label) => label === 'D' || label === 'DF',
  });
  const newest = new Map<string, { value: number; availableAt: number }>();
  for (let row = 0; row < rows.length; row++) {
    const key = `${rows.labels[rows.series[row]!]} ${rows.validAt[row]}`;
    const availableAt = rows.availableAt[row]!;
    if ((newest.get(key)?.availableAt ?? -Infinity) > availableAt) continue;
    newest.set(key, { value: rows.value[row]!, availableAt });
  }
  return (series, at) => newest.get(`${series} ${at}`)?.value ?? Number.NaN;
}
