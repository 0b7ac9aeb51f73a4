import type { RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS } from '../contracts/time.ts';
import { seasonalLag } from '../sequences/seasonal-base.ts';
import { issueFor, type DayAheadProtocol } from './protocol.ts';

/** Whoever is scored. `latestKnownAtOnce`: latestKnown, were demand known the moment its hour ends. */
export const FORECASTERS = [
  'model',
  'operator',
  'latestKnown',
  'latestKnownAtOnce',
  'persistence48',
  'persistence168',
] as const;
export type Forecaster = (typeof FORECASTERS)[number];

/** One region's contiguous hourly series as the sequences dataset has them; MW, NaN where there is no value. */
export interface DemandSeries {
  region: RegionCode;
  /** The end of row 0's hour, seconds since 1970. */
  firstHour: number;
  /** As known one hour after each hour: what forecasts may be made from. */
  known: Float32Array;
  /** As finally settled and believed: what forecasts are scored against. */
  final: Float32Array;
  operator: Float32Array;
}

/** The scored hours of a region, ascending, column by column; MW. */
export interface HourTable {
  region: RegionCode;
  validAt: Float64Array;
  issuedAt: Float64Array;
  leadHours: Int32Array;
  localHour: Int32Array;
  actual: Float64Array;
  forecasts: Record<Forecaster, Float64Array>;
}

/** A target hour before anybody has forecast it. */
export interface TargetHour {
  row: number;
  /** The row the model stands at. */
  issueRow: number;
  steps: number;
  validAt: number;
  issuedAt: number;
  leadHours: number;
  localHour: number;
  actual: number;
  baselines: Omit<Record<Forecaster, number>, 'model'>;
}

/** Why hours of the period asked for are not scored. */
export interface HourCounts {
  asked: number;
  scored: number;
  withoutActual: number;
  withoutBaseline: number;
  withoutModel: number;
}

/**
 * The hours from `from` to `to` (both included) that can be scored, with what the baselines say: demand at the
 * target is believable, and every persistence has a value. Baselines read nothing after the newest known hour.
 */
export function targetHours(
  series: DemandSeries,
  protocol: DayAheadProtocol,
  from: number,
  to: number,
): { targets: TargetHour[]; counts: HourCounts } {
  const counts = { asked: 0, scored: 0, withoutActual: 0, withoutBaseline: 0, withoutModel: 0 };
  const targets: TargetHour[] = [];
  const knownAt = (row: number) => (row < 0 ? Number.NaN : (series.known[row] ?? Number.NaN));
  for (let validAt = from; validAt <= to; validAt += HOUR_SECONDS) {
    counts.asked += 1;
    const row = (validAt - series.firstHour) / HOUR_SECONDS;
    const actual = series.final[row] ?? Number.NaN;
    if (!(actual > 0)) {
      counts.withoutActual += 1;
      continue;
    }
    const issue = issueFor(validAt, protocol);
    const baselines = {
      operator: series.operator[row] ?? Number.NaN,
      latestKnown: knownAt(row - seasonalLag(issue.steps)),
      latestKnownAtOnce: knownAt(row - seasonalLag(issue.leadHours)),
      persistence48: knownAt(row - 48),
      persistence168: knownAt(row - 168),
    };
    const { latestKnown, persistence48, persistence168 } = baselines;
    if (!(latestKnown > 0 && persistence48 > 0 && persistence168 > 0)) {
      counts.withoutBaseline += 1;
      continue;
    }
    const { steps, issuedAt, leadHours, localHour } = issue;
    targets.push({
      row,
      issueRow: row - steps,
      steps,
      validAt,
      issuedAt,
      leadHours,
      localHour,
      actual,
      baselines,
    });
  }
  return { targets, counts };
}

/**
 * Puts the model's answers (MW, NaN where it has none) beside the baselines and drops the hours without one, so
 * that every column but the operator's has a value at every hour.
 */
export function hourTable(
  region: RegionCode,
  targets: readonly TargetHour[],
  modelMw: Float64Array,
  counts: HourCounts,
): HourTable {
  const rows = targets.flatMap((_target, i) => (modelMw[i]! > 0 ? [i] : []));
  counts.withoutModel = targets.length - rows.length;
  counts.scored = rows.length;
  const column = (value: (target: TargetHour) => number) =>
    Float64Array.from(rows, (i) => value(targets[i]!));
  return {
    region,
    validAt: column((target) => target.validAt),
    issuedAt: column((target) => target.issuedAt),
    leadHours: Int32Array.from(rows, (i) => targets[i]!.leadHours),
    localHour: Int32Array.from(rows, (i) => targets[i]!.localHour),
    actual: column((target) => target.actual),
    forecasts: {
      model: Float64Array.from(rows, (i) => modelMw[i]!),
      operator: column(({ baselines }) => baselines.operator),
      latestKnown: column(({ baselines }) => baselines.latestKnown),
      latestKnownAtOnce: column(({ baselines }) => baselines.latestKnownAtOnce),
      persistence48: column(({ baselines }) => baselines.persistence48),
      persistence168: column(({ baselines }) => baselines.persistence168),
    },
  };
}
