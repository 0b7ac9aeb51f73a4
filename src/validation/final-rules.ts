import type { Vintages } from './vintages.ts';
import { effectOf, newJudgement, note, type Judgement } from './judgement.ts';
import { centredMedians } from './rolling-median.ts';
import type { Rules } from './rules.ts';

/** Judges the newest revision of demand with hindsight: for targets and scores, never for what a feature sees. */
export function judgeFinally({ latest, latestConflict }: Vintages, rules: Rules): Judgement {
  const judgement = newJudgement(latest.length);
  const effect = (name: keyof Rules) => effectOf(rules, name, 'demand', 'final');
  const { low, high, windowHours, minimumHours } = rules.range.limits;
  const medians = centredMedians(latest, windowHours, minimumHours);
  for (let hour = 0; hour < latest.length; hour++) {
    const v = latest[hour]!;
    const median = medians[hour]!;
    if (Number.isNaN(v)) note(judgement, hour, 'missing', effect('missing'));
    else if (latestConflict[hour] === 1) note(judgement, hour, 'duplicate', effect('duplicate'));
    else if (v < 0) note(judgement, hour, 'negative', effect('negative'));
    else if (v === 0) note(judgement, hour, 'zero', effect('zero'));
    else if (v < low * median || v > high * median) note(judgement, hour, 'range', effect('range'), median);
  }
  noteLoneSpikes(latest, judgement, rules);
  noteFlatLines(latest, judgement, rules);
  return judgement;
}

/** A value far from the mean of two believable neighbours that agree with each other. */
function noteLoneSpikes(values: Float64Array, judgement: Judgement, rules: Rules): void {
  const { change, agreement } = rules.spike.limits;
  const effect = effectOf(rules, 'spike', 'demand', 'final');
  for (let hour = 1; hour < values.length - 1; hour++) {
    if (judgement.rejected[hour - 1] === 1 || judgement.rejected[hour + 1] === 1) continue;
    const before = values[hour - 1]!;
    const after = values[hour + 1]!;
    const mean = (before + after) / 2;
    if (Math.abs(before - after) > agreement * mean) continue;
    if (Math.abs(values[hour]! - mean) > change * mean) note(judgement, hour, 'spike', effect, mean);
  }
}

/** Every hour of a run of equal values, from its first on. */
function noteFlatLines(values: Float64Array, judgement: Judgement, rules: Rules): void {
  const effect = effectOf(rules, 'flat_line', 'demand', 'final');
  for (let from = 0, until = 1; from < values.length; from = until++) {
    while (until < values.length && values[until] === values[from]) until++;
    if (until - from < rules.flat_line.limits.hours) continue;
    for (let hour = from; hour < until; hour++) note(judgement, hour, 'flat_line', effect, until - from);
  }
}
