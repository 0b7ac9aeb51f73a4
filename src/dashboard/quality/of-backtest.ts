import type { Home } from '../../lake/home.ts';
import { MissingDataError } from '../../errors.ts';
import { backtestHours } from '../../monitoring/drift/baseline-hours.ts';
import type { VersionRecord } from '../../registry/version-record.ts';
import { regionQuality, type RegionQuality } from './region-quality.ts';

/** The hours that a version was scored on before it was registered. */
export async function backtestQuality(home: Home, record: VersionRecord): Promise<RegionQuality[]> {
  if (record.series) {
    throw new MissingDataError(
      `${record.name} forecasts a series of its own, whose backtest stands in its report.`,
      '`models` shows its scores.',
    );
  }
  const { byRegion } = await backtestHours(home, record);
  return [...byRegion].map(([region, hours]) => regionQuality(region, hours));
}
