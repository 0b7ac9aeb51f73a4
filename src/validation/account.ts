import { HOUR_SECONDS, toHourStamp } from '../contracts/time.ts';
import { IMPUTATION_METHODS } from './imputation.ts';
import { countVerdicts, type Judgement } from './judgement.ts';
import { codeOf, type Verdict } from './rules.ts';
import type { RegionJudgements } from './region-judgements.ts';

type VerdictCounts = Partial<Record<Verdict, number>>;

/**
 * One UTC day of demand as a feature sees it, `[ok, imputed, bad, missing]` in hours: ok, bad and missing add up to
 * the day's hours, imputed says how many of the bad and the missing were filled.
 */
export type CalendarDay = [ok: number, imputed: number, bad: number, missing: number];

/** What became of one region's hours; JSON, part of the validation report. */
export interface RegionAccount {
  region: string;
  /** First and last hour's end. */
  from: string | null;
  to: string | null;
  hours: number;
  /** Newest hour whose demand was known in time: what lies after it in the table is filled. */
  lastDemandHour: string | null;
  /** Hours by verdict, for each series of the grid, decided from what was known then. */
  series: Record<string, VerdictCounts>;
  /** Hours of demand by verdict, decided with hindsight. */
  final: VerdictCounts;
  /** Hours that may be a target or be scored, by the year in which the hour begins. */
  scorable: Record<string, number>;
  imputation: { methods: Record<string, number>; meanConfidence: number | null; stillNull: number };
  malformedRows: number;
  conflictingRows: number;
  calendar: { firstDay: string | null; days: CalendarDay[] };
}

/** The account of the hours `from` up to, and without, `until`. */
export function accountOf(
  region: string,
  { raw, demand, imputed, final, others }: RegionJudgements,
  { from, until }: { from: number; until: number },
): RegionAccount {
  const part = (judgement: Judgement): Judgement => ({
    verdict: judgement.verdict.subarray(from, until),
    evidence: judgement.evidence.subarray(from, until),
    rejected: judgement.rejected.subarray(from, until),
  });
  const stamp = (hour: number) => toHourStamp(raw.start + hour * HOUR_SECONDS);
  const everySeries = [['D', demand] as const, ...[...others].filter(([name]) => raw.series.has(name))];
  const known = demand.series.value.subarray(0, until).findLastIndex((value) => !Number.isNaN(value));
  const methods = [...imputed.method.subarray(from, until)];
  const confidences = imputed.confidence.subarray(from, until).filter((value) => !Number.isNaN(value));
  return {
    region,
    from: until > from ? stamp(from) : null,
    to: until > from ? stamp(until - 1) : null,
    hours: until - from,
    lastDemandHour: known >= from ? stamp(known) : null,
    series: Object.fromEntries(
      everySeries.map(([name, { judgement }]) => [name, countVerdicts(part(judgement))]),
    ),
    final: countVerdicts(part(final)),
    scorable: scorableByYear(final, raw.start, from, until),
    imputation: {
      methods: Object.fromEntries(
        IMPUTATION_METHODS.map((name, code) => [name, methods.filter((method) => method === code).length]),
      ),
      meanConfidence:
        confidences.length === 0 ? null : round(confidences.reduce((a, b) => a + b, 0) / confidences.length),
      stillNull: imputed.value.subarray(from, until).filter(Number.isNaN).length,
    },
    malformedRows: raw.malformed.length,
    conflictingRows: raw.conflicting.length,
    calendar: calendarOf(demand.judgement, imputed.imputed, raw.start, from, until),
  };
}

function scorableByYear(
  { rejected }: Judgement,
  start: number,
  from: number,
  until: number,
): Record<string, number> {
  const years: Record<string, number> = {};
  for (let hour = from; hour < until; hour++) {
    if (rejected[hour] === 1) continue;
    const year = new Date((start + (hour - 1) * HOUR_SECONDS) * 1000).getUTCFullYear();
    years[year] = (years[year] ?? 0) + 1;
  }
  return years;
}

/** By the UTC day in which an hour begins. */
function calendarOf(
  { verdict, rejected }: Judgement,
  imputed: Uint8Array,
  start: number,
  from: number,
  until: number,
): RegionAccount['calendar'] {
  const dayOf = (hour: number) => Math.floor((start + (hour - 1) * HOUR_SECONDS) / 86_400);
  const days: CalendarDay[] = [];
  const missing = codeOf('missing');
  const firstDay = dayOf(from);
  for (let hour = from; hour < until; hour++) {
    const day = (days[dayOf(hour) - firstDay] ??= [0, 0, 0, 0]);
    if (rejected[hour] === 0) day[0]++;
    else if (verdict[hour] === missing) day[3]++;
    else day[2]++;
    day[1] += imputed[hour]!;
  }
  return {
    firstDay: until > from ? new Date(firstDay * 86_400_000).toISOString().slice(0, 10) : null,
    days,
  };
}

const round = (value: number) => Number(value.toFixed(4));
