import { HOUR_SECONDS } from '../contracts/time.ts';
import type { ColumnInput } from '../lake/parquet.ts';
import { IMPUTATION_METHODS } from './imputation.ts';
import { keptValues, type Judgement } from './judgement.ts';
import { collectQuarantine, type QuarantinedRow } from './quarantine.ts';
import { accountOf, type RegionAccount } from './account.ts';
import { RULES, VERDICTS, type Rules } from './rules.ts';
import type { RawRows } from './vintages.ts';
import { STANDING_COLUMNS, judgeRegion, type RegionJudgements } from './region-judgements.ts';

/** One region, validated. */
export interface ValidatedTable {
  region: string;
  /** End of the first hour in seconds since 1970 UTC. */
  start: number;
  hours: number;
  columns: Record<string, ColumnInput>;
  quarantine: QuarantinedRow[];
  account: RegionAccount;
}

/**
 * Judges the raw rows of one region: in any order, with revisions, repeats and holes. A `period` cuts the table
 * but changes no verdict: the hours outside it still are the context of those inside. `until` as in `toHours`.
 */
export function validateTable(
  region: string,
  rows: RawRows,
  {
    rules = RULES,
    period,
    until: reach,
  }: { rules?: Rules; period?: { from: number; to: number }; until?: number } = {},
): ValidatedTable {
  const judged = judgeRegion(rows, rules, reach);
  const { start } = judged.raw;
  const span = spanOf(judged, period);
  const first = start + span.from * HOUR_SECONDS;
  const last = start + (span.until - 1) * HOUR_SECONDS;
  const quarantine = collectQuarantine(rows, judged, rules);
  return {
    region,
    start: first,
    hours: span.until - span.from,
    columns: columnsOf(region, judged, span),
    quarantine:
      period === undefined
        ? quarantine
        : quarantine.filter(({ validAt }) => !(validAt < first || validAt > last)),
    account: accountOf(region, judged, span),
  };
}

/** Which of the judged hours lie in a period: `from` up to, and without, `until`. */
export function spanOf(
  { raw: { start, hours } }: RegionJudgements,
  period?: { from: number; to: number },
): { from: number; until: number } {
  const from = Math.max(0, period === undefined ? 0 : Math.ceil((period.from - start) / HOUR_SECONDS));
  const until = Math.min(
    hours,
    period === undefined ? hours : Math.floor((period.to - start) / HOUR_SECONDS) + 1,
  );
  return { from, until: Math.max(from, until) };
}

/** The columns of the hours `from` up to, and without, `until`. */
function columnsOf(
  region: string,
  { raw, demand, imputed, final, others }: RegionJudgements,
  { from, until }: { from: number; until: number },
): Record<string, ColumnInput> {
  const cut = (values: Float64Array): ColumnInput => ({ type: 'f64', values: values.slice(from, until) });
  const times = (values: Float64Array): ColumnInput => ({
    type: 'timestamp',
    values: values.slice(from, until),
  });
  const verdicts = (judgement: Judgement): ColumnInput => ({
    type: 'category',
    codes: Int32Array.from(judgement.verdict.subarray(from, until)),
    labels: [...VERDICTS],
  });
  const latest = raw.series.get('D')?.latest ?? new Float64Array(raw.hours).fill(Number.NaN);
  const columns: Record<string, ColumnInput> = {
    valid_at: {
      type: 'timestamp',
      values: Float64Array.from(
        { length: until - from },
        (_unused, i) => raw.start + (from + i) * HOUR_SECONDS,
      ),
    },
    region: { type: 'category', codes: new Int32Array(until - from), labels: [region] },
    demand_mw: cut(imputed.value),
    demand_verdict: verdicts(demand.judgement),
    demand_imputed: { type: 'bool', values: imputed.imputed.subarray(from, until) },
    demand_method: {
      type: 'category',
      codes: imputed.method.slice(from, until),
      labels: [...IMPUTATION_METHODS],
    },
    demand_confidence: cut(imputed.confidence),
    demand_final_mw: cut(keptValues(latest, final)),
    demand_final_verdict: verdicts(final),
  };
  const rest = [...others.keys()].filter((name) => STANDING_COLUMNS[name] === undefined).sort();
  for (const name of [...Object.keys(STANDING_COLUMNS), ...rest]) {
    const { series, judgement } = others.get(name)!;
    const column = STANDING_COLUMNS[name] ?? `fuel_${name.slice('FUEL:'.length).toLowerCase()}`;
    columns[`${column}_mw`] = cut(keptValues(series.value, judgement));
    columns[`${column}_available_at`] = times(series.availableAt);
    if (name === 'DF') columns.forecast_verdict = verdicts(judgement);
  }
  return columns;
}
