import { seasonsOf } from './seasons.ts';
import type { SeriesForecaster } from './forecaster.ts';

/** The newest value at each step's place in the season, again and again; a season of 1 is the last value. */
function repeating(name: string, season: number): SeriesForecaster {
  return {
    name,
    learned: false,
    predict({ values, horizon }, target, origin, count) {
      const series = values[target]!;
      const answers = new Float64Array(count * horizon);
      for (let i = 0; i < count; i++) {
        const base = origin + i - season;
        for (let h = 0; h < horizon; h++) answers[i * horizon + h] = series[base + (h % season)]!;
      }
      return Promise.resolve(answers);
    },
  };
}

/** What needs no training; the seasons that fit into the context. */
export function baselines(step: number, context: number): SeriesForecaster[] {
  const { day, week } = seasonsOf(step);
  return [
    repeating('last value', 1),
    ...(day !== undefined && day <= context ? [repeating('same time of the last day', day)] : []),
    ...(week !== undefined && week <= context ? [repeating('same time of the last week', week)] : []),
  ];
}
