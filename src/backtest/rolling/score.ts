import { FORECASTERS, type Forecaster } from '../hours.ts';
import { beatsPersistence, type Metrics } from '../scores.ts';
import { BREAKDOWNS, breakdownKeys, inOrder, type Breakdown, type KeyOf } from './calendar-keys.ts';
import type { GroupScores, RollingRegionScores, SameHours, Spread } from './document.ts';
import { chooseHours, type RegionHours } from './region-hours.ts';
import { columnsOf, intervalsOf, scoreColumn, scoreSameHours, type Column } from './same-hours.ts';
import { testsAgainst } from './tests-against.ts';

export interface ScoreOptions {
  /** Which forecaster is the model. */
  model: string;
  seeds: readonly number[];
  /** Hours of the period. */
  asked: number;
  maseScaleMw: number | null;
  issueHourLocal: number;
  longestLead: number;
}

/** All that is told of one region. The first seed's figures, but for the spread over all of them. */
export function scoreRollingRegion(hours: RegionHours, options: ScoreOptions): RollingRegionScores {
  const { model, maseScaleMw, issueHourLocal } = options;
  const { all, withOperator, compared, counts } = chooseHours(hours, options.asked);
  const columns = columnsOf(hours, model, 0);
  const on = (rows: readonly number[]) => scoreSameHours(hours, columns, rows, maseScaleMw);
  const onOperatorHours = metricsOf(on(withOperator));
  const overall = metricsOf(on(all), onOperatorHours);
  const keys = breakdownKeys(hours.region, hours);
  const by = Object.fromEntries(
    BREAKDOWNS.map((breakdown) => [breakdown, groupsOf(breakdown, compared, keys[breakdown], on)]),
  ) as Record<Breakdown, GroupScores[]>;
  return {
    region: hours.region,
    overall: { region: hours.region, ...overall, beatsBaselines: beatsPersistence(overall.mape) },
    onOperatorHours,
    byMonth: by.month.map(({ key, ...scores }) => ({ month: String(key), ...metricsOf(scores) })),
    byLead: by.leadHours.map(({ key, ...scores }) => ({
      leadHours: Number(key),
      localHour: Number(key) - 24 + issueHourLocal,
      ...metricsOf(scores),
    })),
    counts,
    maseScaleMw,
    comparedOn: compared === withOperator ? 'hours with the operator’s forecast' : 'all scored hours',
    same: on(compared),
    by,
    quantiles: quantilesOf(hours, columns, compared),
    tests: testsAgainst(hours, columns, compared, options.longestLead),
    spread: Object.fromEntries(
      Object.keys(hours.answers).map((name) => [
        name === model ? 'model' : name,
        spreadOf(hours, name, compared, options.seeds),
      ]),
    ),
  };
}

function groupsOf(
  breakdown: Breakdown,
  rows: readonly number[],
  keyOf: KeyOf,
  on: (rows: readonly number[]) => SameHours,
): GroupScores[] {
  const groups = Map.groupBy(rows, keyOf);
  return inOrder(breakdown, [...groups.keys()]).map((key) => ({ key, ...on(groups.get(key)!) }));
}

type Named = Record<Forecaster, number | null>;

/** As backtests that are not rolled tell it: nobody's name is left out. The operator may be scored on fewer hours. */
function metricsOf({ hours, mape, mae, rmse, mase }: SameHours | Metrics, operator?: Metrics): Metrics {
  const named = (metric: 'mape' | 'mae' | 'rmse' | 'mase', values: Record<string, number | null>) =>
    ({
      ...Object.fromEntries(FORECASTERS.map((name) => [name, null])),
      ...values,
      ...(operator ? { operator: operator[metric].operator } : {}),
    }) as Named;
  return {
    hours,
    mape: named('mape', mape),
    mae: named('mae', mae),
    rmse: named('rmse', rmse),
    mase: named('mase', mase),
  };
}

function quantilesOf(
  hours: RegionHours,
  columns: readonly Column[],
  rows: readonly number[],
): RollingRegionScores['quantiles'] {
  return Object.fromEntries(
    columns.flatMap(({ name, said }) => {
      const means = said.levels.length > 1 ? scoreColumn(hours, said, rows)?.quantiles : null;
      const intervals = intervalsOf(hours, said, rows);
      return means ? [[name, { levels: [...said.levels], ...means, intervals }]] : [];
    }),
  );
}

function spreadOf(
  hours: RegionHours,
  name: string,
  rows: readonly number[],
  seeds: readonly number[],
): Spread {
  const each = seeds.map((seed, place) => {
    const scored = scoreColumn(hours, hours.answers[name]![place]!, rows);
    const { mape = null, mae = null } = scored?.errors ?? {};
    return { seed, mape, mae, crps: scored?.quantiles?.crpsPercent ?? null };
  });
  const mapes = each.flatMap(({ mape }) => (mape === null ? [] : [mape]));
  const mean = mapes.length === 0 ? null : mapes.reduce((sum, mape) => sum + mape, 0) / mapes.length;
  return {
    seeds: each,
    mean,
    deviation:
      mean === null || mapes.length < 2
        ? null
        : Math.sqrt(mapes.reduce((sum, mape) => sum + (mape - mean) ** 2, 0) / (mapes.length - 1)),
    least: mapes.length === 0 ? null : Math.min(...mapes),
    most: mapes.length === 0 ? null : Math.max(...mapes),
  };
}
