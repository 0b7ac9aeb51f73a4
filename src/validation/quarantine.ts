import { HOUR_SECONDS } from '../contracts/time.ts';
import { readColumns, writeColumns } from '../lake/parquet.ts';
import { reasonFor, type Judgement } from './judgement.ts';
import { VERDICTS, codeOf, type Rules, type Verdict } from './rules.ts';
import type { RegionJudgements } from './region-judgements.ts';
import type { RawRows } from './vintages.ts';

/** A row of the grid that is not to be believed, and why. */
export interface QuarantinedRow {
  /** Seconds since 1970 UTC. */
  validAt: number;
  series: string;
  /** MW. */
  value: number;
  availableAt: number;
  verdict: Verdict;
  reason: string;
}

/**
 * Every row that a rule refused, once: by the verdict of its first value, else by that of its newest revision.
 * A missing hour has no row, and a flagged value is in use: neither is here.
 */
export function collectQuarantine(rows: RawRows, judged: RegionJudgements, rules: Rules): QuarantinedRow[] {
  const { raw, demand, final, others } = judged;
  const found: QuarantinedRow[] = [
    ...raw.malformed.map(({ row, reason }) => ({ ...rowAt(rows, row), verdict: 'schema' as const, reason })),
    ...raw.conflicting.map((row) => {
      const { value, ...rest } = rowAt(rows, row);
      const reason = reasonFor('duplicate', value, Number.NaN, rules, 'causal');
      return { ...rest, value, verdict: 'duplicate' as const, reason };
    }),
  ];
  const collect = (
    series: string,
    judgement: Judgement,
    value: Float64Array,
    availableAt: Float64Array,
    side: 'causal' | 'final',
    unless?: (hour: number) => boolean,
  ) => {
    for (let hour = 0; hour < value.length; hour++) {
      const verdict = VERDICTS[judgement.verdict[hour]!]!;
      if (judgement.rejected[hour] === 0 || verdict === 'missing' || verdict === 'duplicate') continue;
      if (unless?.(hour)) continue;
      found.push({
        validAt: raw.start + hour * HOUR_SECONDS,
        series,
        value: value[hour]!,
        availableAt: availableAt[hour]!,
        verdict,
        reason: reasonFor(verdict, value[hour]!, judgement.evidence[hour]!, rules, side),
      });
    }
  };
  for (const [name, { series, judgement }] of [['D', demand] as const, ...others]) {
    collect(name, judgement, series.value, series.availableAt, 'causal');
  }
  const vintages = raw.series.get('D');
  if (vintages) {
    const { latest, latestAvailableAt } = vintages;
    const listed = (hour: number) =>
      demand.judgement.rejected[hour] === 1 && demand.series.availableAt[hour] === latestAvailableAt[hour];
    collect('D', final, latest, latestAvailableAt, 'final', listed);
  }
  return found.sort(byHour);
}

/** By hour, series, and the time they became known: the order in which they are stored. */
const byHour = (a: QuarantinedRow, b: QuarantinedRow): number =>
  a.validAt - b.validAt ||
  (a.series < b.series ? -1 : a.series > b.series ? 1 : 0) ||
  a.availableAt - b.availableAt ||
  a.value - b.value;

function rowAt(rows: RawRows, row: number): Omit<QuarantinedRow, 'verdict' | 'reason'> {
  return {
    validAt: rows.validAt[row]!,
    series: rows.labels[rows.series[row]!] ?? '',
    value: rows.value[row]!,
    availableAt: rows.availableAt[row]!,
  };
}

export async function writeQuarantine(path: string, rows: readonly QuarantinedRow[]): Promise<number> {
  return writeColumns(path, {
    valid_at: { type: 'timestamp', values: Float64Array.from(rows, ({ validAt }) => validAt) },
    series: { type: 'utf8', values: rows.map(({ series }) => series) },
    value_mw: { type: 'f64', values: Float64Array.from(rows, ({ value }) => value) },
    available_at: { type: 'timestamp', values: Float64Array.from(rows, ({ availableAt }) => availableAt) },
    verdict: {
      type: 'category',
      codes: Int32Array.from(rows, ({ verdict }) => codeOf(verdict)),
      labels: [...VERDICTS],
    },
    reason: { type: 'utf8', values: rows.map(({ reason }) => reason) },
  });
}

export async function readQuarantine(path: string): Promise<QuarantinedRow[]> {
  const columns = await readColumns(path);
  const validAt = columns.seconds('valid_at');
  const series = columns.strings('series');
  const value = columns.f64('value_mw');
  const availableAt = columns.seconds('available_at');
  const verdict = columns.strings('verdict');
  const reason = columns.strings('reason');
  return Array.from(validAt, (at, i) => ({
    validAt: at,
    series: series[i] ?? '',
    value: value[i]!,
    availableAt: availableAt[i]!,
    verdict: verdict[i] as Verdict,
    reason: reason[i] ?? '',
  }));
}
