import { readdir, stat } from 'node:fs/promises';
import { readForecast } from '../../backtest/forecast-file.ts';
import type { ForecastRow } from '../../backtest/forecast.ts';
import { filesOf, gridFile, joined } from '../../backtest/forecast-grid.ts';
import { newestRecord } from '../../backtest/newest-record.ts';
import type { RegionCode } from '../../contracts/regions.ts';
import { fromHourStamp } from '../../contracts/time.ts';
import { readManifest, referTo, verifiedPath } from '../../lake/artifacts.ts';
import { yearOf } from '../../lake/grid-rows.ts';
import type { Home } from '../../lake/home.ts';
import { unlessGone } from '../../lake/storage-failure.ts';
import { whole } from '../../monitoring/drift/scored-hours.ts';
import { regionQuality, type RegionQuality } from './region-quality.ts';

/** Forecasts that are read, the newest: two months of one a day, or of several regions less. */
const MOST_READ = 60;

/** The forecasts that were made, beside what came: of an hour that several foretold, what the last one said. */
export async function forecastQuality(home: Home, model: string): Promise<RegionQuality[]> {
  const rows = await forecastRows(home, model);
  const regions = [...new Set(rows.map(({ region }) => region))].sort();
  const found: RegionQuality[] = [];
  for (const region of regions) {
    const own = rows.filter((row) => row.region === region);
    const last = new Map(
      own.toSorted((a, b) => (a.issuedAt < b.issuedAt ? -1 : 1)).map((row) => [fromHourStamp(row.hour), row]),
    );
    const hours = [...last.keys()].sort((a, b) => a - b);
    const came = await valuesOf(home, region, hours[0]!);
    const at = Float64Array.from(hours);
    const scored = whole({
      validAt: at,
      actual: at.map((hour) => came('D', hour)),
      model: at.map((hour) => last.get(hour)!.forecastMw),
      operator: at.map((hour) => came('DF', hour)),
      naive: at.map((hour) => last.get(hour)!.latestKnownMw),
    });
    if (scored.validAt.length > 0) found.push(regionQuality(region, scored));
  }
  return found;
}

async function forecastRows(home: Home, model: string): Promise<ForecastRow[]> {
  const folder = home.path('manifests/forecast');
  const names = await readdir(folder).catch(unlessGone<string[]>(folder, []));
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(home.path('manifests/forecast', name))).mtimeMs })),
  );
  const rows: ForecastRow[] = [];
  for (const { name } of dated.toSorted((a, b) => b.at - a.at).slice(0, MOST_READ)) {
    const reference = await referTo(home, `manifests/forecast/${name}`);
    const { details, files } = await readManifest(home, reference, 'forecast');
    if (details['name'] !== model || !Array.isArray(details['answers'])) continue;
    rows.push(...(await readForecast(await verifiedPath(home, files[0]!))));
  }
  return rows;
}

/** What the newest record has of a series at an hour, revisions counted; NaN where it has nothing. */
async function valuesOf(
  home: Home,
  region: RegionCode,
  from: number,
): Promise<(series: string, at: number) => number> {
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
