import { HOUR_SECONDS } from '../contracts/time.ts';
import type { Judged } from './forecast-fit.ts';
import { knownAt, type RegionHours } from './vintages.ts';
import { effectOf, note, type Judgement } from './judgement.ts';
import type { Rules } from './rules.ts';

/** |demand − (generation − interchange)| as a share of demand; NaN when one of them is missing. */
export const imbalance = (demand: number, generation: number, interchange: number): number =>
  Math.abs(demand - (generation - interchange)) / demand;

/**
 * Refuses generation and interchange where they cannot both be right, each by what was known when it was:
 * demand that was itself refused says nothing about them.
 */
export function judgeBalance(
  demand: Judged,
  generation: Judged,
  interchange: Judged,
  start: number,
  rules: Rules,
): void {
  const { rejectAbove } = rules.energy_balance.limits;
  const { value, availableAt } = demand.series;
  for (let hour = 0; hour < value.length; hour++) {
    if (demand.judgement.rejected[hour] === 1) continue;
    const share = imbalance(value[hour]!, generation.series.value[hour]!, interchange.series.value[hour]!);
    if (!(share > rejectAbove)) continue;
    const atGeneration = generation.series.availableAt[hour]!;
    const atInterchange = interchange.series.availableAt[hour]!;
    const demandAt = Math.max(availableAt[hour]!, knownAt(start + hour * HOUR_SECONDS));
    if (Math.max(demandAt, atInterchange) <= atGeneration) {
      note(
        generation.judgement,
        hour,
        'energy_balance',
        effectOf(rules, 'energy_balance', 'generation', 'causal'),
        share,
      );
    }
    if (Math.max(demandAt, atGeneration) <= atInterchange) {
      note(
        interchange.judgement,
        hour,
        'energy_balance',
        effectOf(rules, 'energy_balance', 'interchange', 'causal'),
        share,
      );
    }
  }
}

/** Names, with hindsight, the hours of demand whose newest revisions do not balance. */
export function judgeFinalBalance(judgement: Judgement, { series }: RegionHours, rules: Rules): void {
  const [demand, generation, interchange] = [series.get('D'), series.get('NG'), series.get('TI')];
  if (!demand || !generation || !interchange) return;
  const effect = effectOf(rules, 'energy_balance', 'demand', 'final');
  for (let hour = 0; hour < demand.latest.length; hour++) {
    const share = imbalance(demand.latest[hour]!, generation.latest[hour]!, interchange.latest[hour]!);
    if (share > rules.energy_balance.limits.flagAbove) {
      note(judgement, hour, 'energy_balance', effect, share);
    }
  }
}
