import { REGIONS } from '../../contracts/regions.ts';
import { HOUR_SECONDS } from '../../contracts/time.ts';
import { writeColumns, type ColumnInput } from '../../lake/parquet.ts';
import type { RegionHours } from './region-hours.ts';

/** Scored hours of a region, with the rows that count. */
export interface ScoredHours {
  hours: RegionHours;
  rows: readonly number[];
}

/**
 * The columns of any backtest's hours, and after them `base_mw`, the other forecasters' medians (`ridge_mw`) and the
 * model's quantiles (`model_q05_mw`); all of the first seed.
 */
export async function writeRollingHours(
  path: string,
  scored: readonly ScoredHours[],
  model: string,
): Promise<number> {
  const join = (value: (hours: RegionHours, row: number) => number) =>
    Float64Array.from(scored.flatMap(({ hours, rows }) => rows.map((row) => value(hours, row))));
  const mw = (value: (hours: RegionHours, row: number) => number): ColumnInput => ({
    type: 'f64',
    values: join(value),
  });
  const whole = (value: (hours: RegionHours, row: number) => number): ColumnInput => ({
    type: 'i32',
    values: Int32Array.from(join(value)),
  });
  const first = scored[0]!.hours.answers;
  const others = Object.keys(first).filter((name) => name !== model);
  const { levels } = first[model]![0]!;
  return writeColumns(path, {
    region: {
      type: 'category',
      codes: Int32Array.from(scored.flatMap(({ rows }, code) => rows.map(() => code))),
      labels: scored.map(({ hours }) => hours.region),
    },
    valid_at: { type: 'timestamp', values: join(({ validAt }, row) => validAt[row]!) },
    issued_at: { type: 'timestamp', values: join(({ issuedAt }, row) => issuedAt[row]!) },
    lead_hours: whole(({ validAt, issuedAt }, row) => (validAt[row]! - issuedAt[row]!) / HOUR_SECONDS),
    local_hour: whole(
      ({ validAt, region }, row) =>
        ((((validAt[row]! / HOUR_SECONDS + REGIONS[region].standardOffsetHours - 1) % 24) + 24) % 24) + 1,
    ),
    actual_mw: mw(({ actual }, row) => actual[row]!),
    model_mw: mw(({ answers }, row) => answers[model]![0]!.median[row]!),
    operator_mw: mw(({ operator }, row) => operator[row]!),
    latest_known_mw: mw(({ latestKnown }, row) => latestKnown[row]!),
    // Issue tables hold nothing that was not known at the issue.
    latest_known_at_once_mw: mw(() => Number.NaN),
    persistence48_mw: mw(({ persistence48 }, row) => persistence48[row]!),
    persistence168_mw: mw(({ persistence168 }, row) => persistence168[row]!),
    base_mw: mw(({ base }, row) => base[row]!),
    ...Object.fromEntries(
      others.map((name) => [
        `${name.replaceAll('-', '_')}_mw`,
        mw(({ answers }, row) => answers[name]![0]!.median[row]!),
      ]),
    ),
    ...Object.fromEntries(
      levels.map((level, k) => [
        quantileColumn(level),
        mw(({ answers }, row) => answers[model]![0]!.quantiles[row * levels.length + k]!),
      ]),
    ),
  });
}

/** `model_q05_mw` */
export const quantileColumn = (level: number) =>
  `model_q${String(Math.round(level * 1000) / 10).padStart(2, '0')}_mw`;
