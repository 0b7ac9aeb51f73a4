import { permutation, randomOf } from '../../model/random.ts';
import { benjaminiHochberg } from '../statistics/benjamini-hochberg.ts';
import { binOf, quantileBins } from '../statistics/bins.ts';
import { momentsOf } from '../statistics/effect-size.ts';
import { pageHinkley } from '../statistics/page-hinkley.ts';
import type { DriftThresholds } from '../../contracts/drift.ts';
import { daysOf, mapeOf, type ScoredHours } from './scored-hours.ts';
import { localHour, logRatio } from './watched-series.ts';

/** Whether errors, at the same inputs, are what they were. */
export interface ConceptDrift {
  given: GivenInput[];
  stream: ErrorStream[];
  /** Mean of ln(actual / forecast): above 0 where the model says too little. */
  bias: number;
  baselineBias: number;
}

export interface GivenInput {
  input: 'hour of the day' | 'forecast’s level' | 'operator’s forecast to the week before';
  /** Root mean square of the shifts of mean errors, beyond what days shuffle, in the baseline's deviations. */
  effect: number;
  p: number;
  adjustedP: number;
  drifted: boolean;
}

export interface ErrorStream {
  what: 'errors are larger' | 'demand is above the forecasts' | 'demand is below the forecasts';
  /** In the baseline's daily deviations. */
  rise: number;
  /** Seconds: the first day of what was noticed; null where nothing was. */
  since: number | null;
  noticedAt: number | null;
}

const PERMUTATIONS = 999;
/** Days of a block: errors of neighbouring days go together. */
const BLOCK_DAYS = 5;
const LEVELS = 5;
/** In deviations of the hours' own errors; more than medium (Cohen's d of 0.5). Chosen with `STREAM`. */
const LEAST_EFFECT = 0.65;

/**
 * In daily deviations of the baseline: what is tolerated, how far the excess may sum up, and what a day counts as at most,
 * so that it takes four days. Chosen by July 2017 to June 2018 alone (docs/drift.md).
 */
const STREAM = { tolerance: 1, limit: 7, most: 3, mean: 0 };

/** Compares residuals of the window with those of the baseline; both hours that have an answer and an outcome. */
export function conceptDrift(
  region: string,
  window: ScoredHours,
  baseline: ScoredHours,
  limits: DriftThresholds,
): ConceptDrift {
  const [now, before] = [residualsOf(window), residualsOf(baseline)];
  // Hours harder for everybody have larger errors of the same kind.
  const harder = Math.max(1, mapeOf(window, 'naive') / mapeOf(baseline, 'naive') || 1);
  const deviation = Math.sqrt(momentsOf(before).variance) * harder;
  const inputs = inputsOf(region, baseline);
  const found = inputs.map(({ input, groupOf }) => ({
    input,
    ...shiftGiven(
      { days: daysOf(baseline), residuals: before, groups: groupOf(baseline) },
      { days: daysOf(window), residuals: now, groups: groupOf(window) },
      deviation,
      `${region} ${input}`,
    ),
  }));
  const adjusted = benjaminiHochberg(found.map(({ p }) => p));
  return {
    given: found.map((one, i) => ({
      ...one,
      adjustedP: adjusted[i]!,
      drifted: adjusted[i]! <= limits.ks_p_value && one.effect >= LEAST_EFFECT,
    })),
    stream: streamsOf(window, baseline, harder),
    bias: momentsOf(now).mean,
    baselineBias: momentsOf(before).mean,
  };
}

const residualsOf = ({ actual, model }: ScoredHours): Float64Array =>
  actual.map((mw, row) => logRatio(mw, model[row]!));

interface Input {
  input: GivenInput['input'];
  /** A group a row; −1 where the input is missing. */
  groupOf: (hours: ScoredHours) => Int32Array;
}

/** Levels are cut at the baseline's quantiles. */
function inputsOf(region: string, baseline: ScoredHours): Input[] {
  const byLevel = (
    input: GivenInput['input'],
    value: (hours: ScoredHours, row: number) => number,
  ): Input[] => {
    const of = (hours: ScoredHours) => hours.validAt.map((_, row) => value(hours, row));
    const there = of(baseline).filter(Number.isFinite);
    if (there.length < baseline.validAt.length / 2) return [];
    const { edges } = quantileBins(there, LEVELS);
    const group = (x: number) => (Number.isFinite(x) ? binOf(edges, x) : -1);
    return [{ input, groupOf: (hours) => Int32Array.from(of(hours), group) }];
  };
  return [
    {
      input: 'hour of the day',
      groupOf: ({ validAt }) => Int32Array.from(validAt, (at) => localHour(at, region)),
    },
    ...byLevel('forecast’s level', ({ model }, row) => model[row]!),
    ...byLevel('operator’s forecast to the week before', ({ operator, naive }, row) =>
      logRatio(operator[row]!, naive[row]!),
    ),
  ];
}

interface Side {
  days: { rows: number[] }[];
  residuals: Float64Array;
  groups: Int32Array;
}

/**
 * Mean residuals by group, window against baseline: their squared differences, weighted as the window has the groups. The
 * chance of as much, from shuffling blocks of days between both (a permutation test that keeps what goes together; Politis
 * & Romano on block resampling, 1994).
 */
function shiftGiven(
  baseline: Side,
  window: Side,
  deviation: number,
  seed: string,
): { effect: number; p: number } {
  const before = blocksOf(baseline);
  const blocks = [...before, ...blocksOf(window)];
  const all = totalOf(blocks);
  /** Of the blocks that stand for the window; all others stand for the baseline. */
  const statistic = (chosen: readonly number[]) => {
    const now = totalOf(chosen.map((block) => blocks[block]!));
    return squaredShift(without(all, now), now);
  };
  const found = statistic([...blocks.keys()].slice(before.length));
  const random = randomOf('blocks', seed);
  let [asFar, sum] = [0, 0];
  for (let k = 0; k < PERMUTATIONS; k++) {
    const shuffled = statistic(permutation(random, blocks.length).slice(before.length));
    sum += shuffled;
    if (shuffled >= found) asFar += 1;
  }
  const beyond = Math.max(0, found - sum / PERMUTATIONS);
  return { effect: Math.sqrt(beyond) / deviation, p: (asFar + 1) / (PERMUTATIONS + 1) };
}

/** Days that follow on one another, five by five. */
function blocksOf(side: Side): Sums[] {
  const days = sumsOf(side);
  const blocks: Sums[] = [];
  for (let day = 0; day < days.length; day += BLOCK_DAYS) {
    blocks.push(totalOf(days.slice(day, day + BLOCK_DAYS)));
  }
  return blocks;
}

/** Residuals by group. */
interface Sums {
  sums: Float64Array;
  counts: Float64Array;
}

const MOST_GROUPS = 24;

function sumsOf({ days, residuals, groups }: Side): Sums[] {
  return days.map(({ rows }) => {
    const day = { sums: new Float64Array(MOST_GROUPS), counts: new Float64Array(MOST_GROUPS) };
    for (const row of rows) {
      const group = groups[row]!;
      if (group < 0) continue;
      day.sums[group]! += residuals[row]!;
      day.counts[group]! += 1;
    }
    return day;
  });
}

function squaredShift(before: Sums, now: Sums): number {
  let [sum, counted] = [0, 0];
  for (let group = 0; group < MOST_GROUPS; group++) {
    if (before.counts[group] === 0 || now.counts[group] === 0) continue;
    const shift = now.sums[group]! / now.counts[group]! - before.sums[group]! / before.counts[group]!;
    sum += now.counts[group]! * shift ** 2;
    counted += now.counts[group]!;
  }
  return counted === 0 ? 0 : sum / counted;
}

const without = (all: Sums, some: Sums): Sums => ({
  sums: all.sums.map((sum, group) => sum - some.sums[group]!),
  counts: all.counts.map((count, group) => count - some.counts[group]!),
});

function totalOf(days: readonly Sums[]): Sums {
  const total = { sums: new Float64Array(MOST_GROUPS), counts: new Float64Array(MOST_GROUPS) };
  for (const { sums, counts } of days) {
    for (let group = 0; group < MOST_GROUPS; group++) {
      total.sums[group]! += sums[group]!;
      total.counts[group]! += counts[group]!;
    }
  }
  return total;
}

/** Page and Hinkley's test on the window's days: the size of errors, and their bias in either direction. */
function streamsOf(window: ScoredHours, baseline: ScoredHours, harder: number): ErrorStream[] {
  const daily = (hours: ScoredHours, of: (residual: number) => number) => {
    const residuals = residualsOf(hours);
    return daysOf(hours).map(({ at, rows }) => ({
      at,
      value: rows.reduce((sum, row) => sum + of(residuals[row]!), 0) / rows.length,
    }));
  };
  const stream = (
    what: ErrorStream['what'],
    of: (residual: number) => number,
    scale: number,
  ): ErrorStream => {
    const before = momentsOf(daily(baseline, of).map(({ value }) => value));
    const days = daily(window, of);
    const deviation = Math.sqrt(before.variance) * harder || 1;
    const values = days.map(({ value }) => (value - before.mean * scale) / deviation);
    const { rise, alarmAt, since } = pageHinkley(values, STREAM);
    const dayOf = (index: number | null) => (index === null ? null : days[index]!.at);
    return { what, rise, since: dayOf(since), noticedAt: dayOf(alarmAt) };
  };
  return [
    stream('errors are larger', Math.abs, harder),
    stream('demand is above the forecasts', (residual) => residual, 1),
    stream('demand is below the forecasts', (residual) => -residual, 1),
  ];
}
