import type { Dimension, SearchFamily, SearchTrial, TrialSettings } from '../contracts/search.ts';
import { randomOf, type Random } from '../model/random.ts';

/** Configurations that cannot be, or were drawn before, are drawn again so often in a row; then a space has no more. */
const DRAWS_IN_VAIN = 200;

export interface SamplingOptions {
  seed: number;
  /** At most so many trials. */
  trials: number;
  /** Whether a configuration can be at all: widths that no heads divide cannot. */
  isPossible: (family: SearchFamily, settings: TrialSettings) => boolean;
}

/**
 * Draws configurations, a pure function of space, seed and count: a longer search begins with those of a shorter one.
 * The first of each family is its defaults, so that no search ends worse than no search.
 */
export function drawTrials(space: readonly SearchFamily[], options: SamplingOptions): SearchTrial[] {
  const { seed, trials: wanted, isPossible } = options;
  const seen = new Set<string>();
  const trials: SearchTrial[] = [];
  const take = (family: SearchFamily, settings: TrialSettings): boolean => {
    const { forecaster } = family;
    const name = JSON.stringify([forecaster, Object.entries(settings).toSorted()]);
    if (seen.has(name) || !isPossible(family, settings)) return false;
    seen.add(name);
    const id = `t${String(trials.length + 1).padStart(2, '0')}`;
    return trials.push({ id, forecaster, settings }) > 0;
  };
  for (const family of space.slice(0, wanted)) take(family, {});
  for (let draw = 0, vain = 0; trials.length < wanted && vain < DRAWS_IN_VAIN; draw++) {
    const random = randomOf('search', seed, draw);
    const family = chooseFamily(space, random);
    vain = take(family, drawSettings(family, random)) ? 0 : vain + 1;
  }
  return trials;
}

function chooseFamily(space: readonly SearchFamily[], random: Random): SearchFamily {
  const total = space.reduce((sum, { weight }) => sum + weight, 0);
  let left = random() * total;
  return space.find(({ weight }) => (left -= weight) < 0) ?? space.at(-1)!;
}

/** In the order of the names, so that a space says the same however it is written. */
function drawSettings({ settings }: SearchFamily, random: Random): TrialSettings {
  const names = Object.keys(settings).toSorted();
  return Object.fromEntries(names.map((name) => [name, drawFrom(settings[name]!, random())]));
}

/** `uniform` lies in [0, 1). */
export function drawFrom(dimension: Dimension, uniform: number): number | string | boolean {
  switch (dimension.kind) {
    case 'choice':
      return dimension.values[Math.floor(uniform * dimension.values.length)]!;
    case 'integer':
      return dimension.from + Math.floor(uniform * (dimension.to - dimension.from + 1));
    case 'uniform':
      return within(dimension, dimension.from + uniform * (dimension.to - dimension.from));
    case 'log-uniform':
      return within(dimension, dimension.from * (dimension.to / dimension.from) ** uniform);
  }
}

/** Four digits are enough for any setting, and people can copy them. */
const within = ({ from, to }: { from: number; to: number }, value: number) =>
  Math.min(to, Math.max(from, Number(value.toPrecision(4))));
