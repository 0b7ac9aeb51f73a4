import {
  VERDICTS,
  codeOf,
  type Effect,
  type RuleName,
  type Rules,
  type SeriesGroup,
  type Verdict,
} from './rules.ts';

/** A verdict for each hour of a series, and the figure it rests on (a median, a neighbour, a share). */
export interface Judgement {
  /** Index into VERDICTS. */
  verdict: Uint8Array;
  evidence: Float64Array;
  /** 1 where the value must not be used. */
  rejected: Uint8Array;
}

export function newJudgement(hours: number): Judgement {
  return {
    verdict: new Uint8Array(hours),
    evidence: new Float64Array(hours).fill(Number.NaN),
    rejected: new Uint8Array(hours),
  };
}

/** Which effect a rule has on a group of series. */
export function effectOf(rules: Rules, name: RuleName, group: SeriesGroup, side: 'causal' | 'final'): Effect {
  const rule = rules[name];
  return rule.appliesTo.includes(group) ? rule[side] : 'off';
}

/**
 * Notes that a rule does not hold for an hour; returns true when the value is thereby removed. A flag never hides
 * an earlier verdict, a rejection replaces a flag.
 */
export function note(
  judgement: Judgement,
  hour: number,
  verdict: Verdict,
  effect: Effect,
  evidence = Number.NaN,
): boolean {
  if (effect === 'off' || judgement.rejected[hour] === 1) return false;
  if (effect === 'flag' && judgement.verdict[hour] !== 0) return false;
  judgement.verdict[hour] = codeOf(verdict);
  judgement.evidence[hour] = evidence;
  judgement.rejected[hour] = effect === 'reject' ? 1 : 0;
  return effect === 'reject';
}

/** The values that are left: NaN where rejected or missing. */
export function keptValues(values: Float64Array, { rejected }: Judgement): Float64Array {
  return values.map((value, hour) => (rejected[hour] === 1 ? Number.NaN : value));
}

/** Hours by verdict, without those that are ok. */
export function countVerdicts({ verdict }: Judgement): Partial<Record<Verdict, number>> {
  const counts = new Uint32Array(VERDICTS.length);
  for (const code of verdict) counts[code]!++;
  return Object.fromEntries(
    VERDICTS.map((name, code) => [name, counts[code]!] as const).filter(([, count]) => count > 0),
  );
}

const mw = (megawatts: number) => `${Number(megawatts.toFixed(1))} MW`;
const percent = (share: number) => `${(share * 100).toFixed(0)} %`;

/** A verdict in words, with the figures it rests on. */
export function reasonFor(
  verdict: Verdict,
  value: number,
  evidence: number,
  rules: Rules,
  side: 'causal' | 'final',
): string {
  switch (verdict) {
    case 'range':
      return `${mw(value)} is outside ${rules.range.limits.low} to ${rules.range.limits.high} times ${mw(evidence)}, the ${side === 'causal' ? 'trailing' : 'centred'} 30-day median`;
    case 'spike':
      return `${mw(value)} is more than ${percent(rules.spike.limits.change)} away from ${mw(evidence)}, ${side === 'causal' ? 'the hour before' : 'the mean of its neighbours'}, and from its like`;
    case 'flat_line':
      return `${mw(value)} for ${evidence} hours in a row`;
    case 'negative':
      return `${mw(value)} is below zero`;
    case 'zero':
      return 'a whole region is never at 0 MW';
    case 'duplicate':
      return `${mw(value)} is one of two values that became known at the same moment`;
    case 'energy_balance':
      return `demand and generation less interchange differ by ${percent(evidence)} of demand`;
    case 'shifted':
      return `the forecast's changes fit demand one hour ${evidence > 0 ? 'later' : 'earlier'} in the forecast`;
    case 'biased':
      return `the forecast was off by ${percent(evidence)} over the last two weeks`;
    default:
      return rules[verdict as RuleName].says;
  }
}
