import type { RegionScore } from '../contracts/stages.ts';
import { FORECASTERS, type Forecaster, type HourCounts, type HourTable } from './hours.ts';
import { ErrorSums } from './metrics.ts';

type ByForecaster = Record<Forecaster, number | null>;

export interface Metrics {
  hours: number;
  /** Percent. */
  mape: ByForecaster;
  /** MW. */
  mae: ByForecaster;
  /** MW. */
  rmse: ByForecaster;
  mase: ByForecaster;
}

export interface RegionScores {
  region: HourTable['region'];
  overall: RegionScore;
  /** Everybody again, on the hours for which the operator's own forecast is there and believable. */
  onOperatorHours: Metrics;
  /** `month` as `2018-01`, UTC. */
  byMonth: (Metrics & { month: string })[];
  /** `leadHours` from the issue time; `localHour` the hour of the standard day that ends then, 1–24. */
  byLead: (Metrics & { leadHours: number; localHour: number })[];
  counts: HourCounts;
  /** What MASE divides by: in-sample MAE of the 168 h naive forecast, MW. */
  maseScaleMw: number | null;
}

/** What the backtest file of role `scores` holds. */
export interface ScoresDocument {
  protocol: {
    issueHourLocal: number;
    demandDelayHours: number;
    score: { from: string; to: string };
    train: { from: string; to: string };
    maseSeasonHours: number;
    /** At least so many hours of history stand before every issue, where the record reaches back so far; null: by column. */
    contextHours: number | null;
  };
  regions: RegionScores[];
}

const PERSISTENCES = ['latestKnown', 'persistence48', 'persistence168'] as const;

export function scoreRegion(table: HourTable, counts: HourCounts, maseScaleMw: number | null): RegionScores {
  const all = Array.from(table.actual, (_, i) => i);
  const measure = (rows: readonly number[]) => measureRows(table, rows, maseScaleMw);
  const overall = measure(all);
  const monthOf = (i: number) => new Date((table.validAt[i]! - 1) * 1000).toISOString().slice(0, 7);
  return {
    region: table.region,
    overall: { region: table.region, ...overall, beatsBaselines: beatsPersistence(overall.mape) },
    onOperatorHours: measure(all.filter((i) => Number.isFinite(table.forecasts.operator[i]))),
    byMonth: grouped(all, monthOf).map(([month, rows]) => ({ month, ...measure(rows) })),
    byLead: grouped(all, (i) => table.leadHours[i]!).map(([leadHours, rows]) => ({
      leadHours,
      localHour: table.localHour[rows[0]!]!,
      ...measure(rows),
    })),
    counts,
    maseScaleMw,
  };
}

/** Strictly below every persistence; a model without a score beats nobody. */
export function beatsPersistence(mape: Record<string, number | null>): boolean {
  const model = mape.model ?? null;
  return model !== null && PERSISTENCES.every((name) => (mape[name] ?? -Infinity) > model);
}

function measureRows(table: HourTable, rows: readonly number[], maseScaleMw: number | null): Metrics {
  const sums = FORECASTERS.map((name) => {
    const sum = new ErrorSums();
    const values = table.forecasts[name];
    for (const i of rows) if (Number.isFinite(values[i])) sum.add(values[i]!, table.actual[i]!);
    return [name, sum] as const;
  });
  const each = (pick: (sum: ErrorSums) => number | null) =>
    Object.fromEntries(sums.map(([name, sum]) => [name, pick(sum)])) as ByForecaster;
  return {
    hours: rows.length,
    mape: each((sum) => sum.mape),
    mae: each((sum) => sum.mae),
    rmse: each((sum) => sum.rmse),
    mase: each((sum) => sum.mase(maseScaleMw)),
  };
}

/** Rows by key, keys ascending. */
function grouped<K extends string | number>(
  rows: readonly number[],
  keyOf: (row: number) => K,
): [K, number[]][] {
  const groups = new Map<K, number[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}
