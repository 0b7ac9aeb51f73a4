import { z } from 'zod';
import { regionCode, type RegionCode } from '../../contracts/regions.ts';
import { HOUR_SECONDS, dateRange, lastHourOf } from '../../contracts/time.ts';
import { readManifest, verifiedPath } from '../../lake/artifacts.ts';
import type { Home } from '../../lake/home.ts';
import { readColumns } from '../../lake/parquet.ts';
import type { VersionRecord } from '../../registry/version-record.ts';
import { MissingDataError } from '../../errors.ts';
import { hoursWhere, whole, type ScoredHours } from './scored-hours.ts';

/** The backtest that a version was registered with. */
export interface BacktestHours {
  byRegion: Map<RegionCode, ScoredHours>;
  /** The last hour that the version has learnt from, seconds since 1970. */
  learntTo: number;
}

const protocolDetails = z.looseObject({ protocol: z.looseObject({ train: dateRange }) });

export async function backtestHours(
  home: Home,
  { name, version, lineage }: VersionRecord,
): Promise<BacktestHours> {
  const { files, key, details } = await readManifest(home, lineage.backtest, 'backtest');
  const file = files.find(({ role }) => role === 'hours');
  const parsed = protocolDetails.safeParse(details);
  if (!file || !parsed.success) {
    throw new MissingDataError(
      `The backtest ${key} of ${name} version ${version} has no hours, or does not say what was learnt from.`,
      'Run `backtest` again, or register the model again.',
    );
  }
  const columns = await readColumns(await verifiedPath(home, file), [
    ...['region', 'valid_at', 'actual_mw', 'model_mw', 'operator_mw', 'persistence168_mw'],
  ]);
  const { codes, labels } = columns.categories('region');
  const all: ScoredHours = {
    validAt: columns.seconds('valid_at'),
    actual: columns.f64('actual_mw'),
    model: columns.f64('model_mw'),
    operator: columns.f64('operator_mw'),
    naive: columns.f64('persistence168_mw'),
  };
  return {
    byRegion: new Map(
      labels.map((label, code) => [
        regionCode.parse(label),
        whole(hoursWhere(all, (row) => codes[row] === code)),
      ]),
    ),
    learntTo: lastHourOf(parsed.data.protocol.train.to),
  };
}

/** 52 weeks. */
const YEAR_SECONDS = 364 * 24 * HOUR_SECONDS;
/** A backtest as long as this has all seasons, so the window is held against its own. */
const ALL_SEASONS_SECONDS = 300 * 24 * HOUR_SECONDS;
/** How far from the window's middle its season reaches. */
const SEASON_SECONDS = 45 * 24 * HOUR_SECONDS;
/** What is left of a backtest without the window's own hours has to be this much, else they stay in. */
const LEAST_HOURS = 14 * 24;

export interface Baseline {
  hours: ScoredHours;
  says: 'the same season of its backtest' | 'its whole backtest';
}

/**
 * The hours of a backtest that a window is held against: what was known at `asOf`, of the same season where the backtest
 * has them all, and none of the window's own.
 */
export function baselineFor(
  backtest: ScoredHours,
  window: { from: number; to: number },
  asOf: number,
): Baseline {
  const known = hoursWhere(backtest, (row) => backtest.validAt[row]! < asOf);
  const apart = hoursWhere(
    known,
    (row) => known.validAt[row]! < window.from || known.validAt[row]! > window.to,
  );
  const hours = apart.validAt.length >= LEAST_HOURS ? apart : known;
  const span = (hours.validAt.at(-1) ?? 0) - (hours.validAt[0] ?? 0);
  if (span < ALL_SEASONS_SECONDS) return { hours, says: 'its whole backtest' };
  const middle = (window.from + window.to) / 2;
  const away = (at: number) => {
    const turn = (((at - middle) % YEAR_SECONDS) + YEAR_SECONDS) % YEAR_SECONDS;
    return Math.min(turn, YEAR_SECONDS - turn);
  };
  return {
    hours: hoursWhere(hours, (row) => away(hours.validAt[row]!) <= SEASON_SECONDS),
    says: 'the same season of its backtest',
  };
}
