import { HOUR_SECONDS } from '../contracts/time.ts';
import { firstSeen, judgeCausally } from './causal-rules.ts';
import { judgeBalance, judgeFinalBalance } from './energy-balance.ts';
import { judgeFinally } from './final-rules.ts';
import { judgeFit, type Judged } from './forecast-fit.ts';
import { imputeFromPast, type Imputed } from './imputation.ts';
import { keptValues, type Judgement } from './judgement.ts';
import { trailingMedians } from './rolling-median.ts';
import type { Rules } from './rules.ts';
import { emptyVintages, groupOf, knownAt, toHours, type RawRows, type RegionHours } from './vintages.ts';

/** What was decided about one region: all that the table, the quarantine and the account are made of. */
export interface RegionJudgements {
  raw: RegionHours;
  demand: Judged;
  imputed: Imputed;
  final: Judgement;
  /** All other series, by their name in the grid. */
  others: Map<string, Judged>;
}

/** Columns that every region has, by their series; other fuels are `fuel_<code>` and there when they have data. */
export const STANDING_COLUMNS: Record<string, string> = {
  DF: 'forecast',
  NG: 'generation',
  TI: 'interchange',
  'FUEL:SUN': 'solar',
  'FUEL:WND': 'wind',
};

/**
 * Applies every rule to the rows of one region: first what a feature may see, then what is scored. `until` as in
 * `toHours`.
 */
export function judgeRegion(rows: RawRows, rules: Rules, until?: number): RegionJudgements {
  const raw = toHours(rows, rules, until);
  const { start, hours } = raw;
  const judge = (name: string, demandScale: (at: number) => number): Judged => {
    const series = firstSeen(name, groupOf(name), raw.series.get(name) ?? emptyVintages(hours), start);
    return { series, judgement: judgeCausally(series, rules, demandScale) };
  };
  const demand = judge('D', () => Number.NaN);
  const kept = keptValues(demand.series.value, demand.judgement);
  const { windowHours, minimumHours } = rules.range.limits;
  const medians = trailingMedians(kept, windowHours, minimumHours);
  // medians[i] rests on the hours before i, the last of which is known at knownAt(start + i − 1).
  const demandScale = (at: number) =>
    medians[Math.min(hours, Math.floor((at - knownAt(start)) / HOUR_SECONDS) + 1)] ?? Number.NaN;
  const names = [...new Set([...Object.keys(STANDING_COLUMNS), ...raw.series.keys()])].filter(
    (name) => name !== 'D',
  );
  const others = new Map(names.map((name) => [name, judge(name, demandScale)] as const));
  judgeFit(others.get('DF')!, demand, start, rules);
  judgeBalance(demand, others.get('NG')!, others.get('TI')!, start, rules);
  const final = judgeFinally(raw.series.get('D') ?? emptyVintages(hours), rules);
  judgeFinalBalance(final, raw, rules);
  return { raw, demand, imputed: imputeFromPast(kept), final, others };
}
