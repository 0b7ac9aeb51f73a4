import type { SeriesData } from './series-data.ts';
import { seasonsOf } from './seasons.ts';
import { DAY_SECONDS } from './times.ts';

/**
 * What the transformer is told at each row of a target: the last season value by value, as differences from the level,
 * the level itself, the calendar, and covariates at places of the horizon. A row stands for the moment at which its
 * value has just become known; the targets are the rows after it, as differences from the same level.
 */
export interface TokenInputs {
  /** rows × channels */
  inputs: Float32Array;
  /** Trailing mean by row. */
  level: Float32Array;
}

/** Of fine steps a day has more values than a token needs: at most so many are given, evenly spaced. */
const MOST_LAGS = 96;
const FEWEST_LAGS = 24;
const YEAR_SECONDS = 365.2425 * DAY_SECONDS;
const WEEK_SECONDS = 7 * DAY_SECONDS;
/** 1970 began on a Thursday. */
const MONDAY = 4 * DAY_SECONDS;

const CYCLES = [
  { name: 'day', period: DAY_SECONDS, shift: 0 },
  { name: 'half day', period: DAY_SECONDS / 2, shift: 0 },
  { name: 'week', period: WEEK_SECONDS, shift: MONDAY },
  { name: 'half week', period: WEEK_SECONDS / 2, shift: MONDAY },
];
const YEAR = { name: 'year', period: YEAR_SECONDS, shift: 0 };
/**
 * Of a year seen once nothing tells what comes with the season from what came with that year: a network that is told
 * the date learns the year by heart.
 */
export const knowsYears = (trainRows: number, step: number): boolean => trainRows * step >= 2 * YEAR_SECONDS;

/** As a trained model's channels say. */
export const hasYears = (channels: readonly string[]): boolean => channels.includes(`${YEAR.name}, sine`);

const cyclesOf = (yearly: boolean) => (yearly ? [...CYCLES, YEAR] : CYCLES);

/** Where in the horizon covariates are shown, as shares of it. */
const AHEAD = [0, 0.25, 0.5, 0.75, 1];

/** Rows that the level is the mean of. */
export const levelRows = ({ step, context }: Pick<SeriesData, 'step' | 'context'>): number =>
  Math.min(context, seasonsOf(step).day ?? seasonsOf(step).week ?? FEWEST_LAGS);

function lagsOf(data: Pick<SeriesData, 'step' | 'context'>): number[] {
  const season = Math.max(levelRows(data), Math.min(FEWEST_LAGS, data.context));
  const spacing = Math.ceil(season / MOST_LAGS);
  return Array.from({ length: Math.ceil(season / spacing) }, (_, i) => i * spacing);
}

export function channelsOf(
  data: Pick<SeriesData, 'step' | 'context' | 'covariateNames'>,
  yearly: boolean,
): string[] {
  return [
    ...lagsOf(data).map((lag) => `value ${lag} rows ago`),
    'level',
    ...cyclesOf(yearly).flatMap(({ name }) => [`${name}, sine`, `${name}, cosine`]),
    ...data.covariateNames.flatMap((name) => AHEAD.map((share) => `${name} at ${share} of the horizon`)),
  ];
}

export function tokenInputs(
  data: SeriesData,
  target: number,
  yearly: boolean,
  from: number,
  to: number,
): TokenInputs {
  const { start, step, horizon, covariates } = data;
  const values = data.values[target]!;
  const lags = lagsOf(data);
  const cycles = cyclesOf(yearly);
  const width = channelsOf(data, yearly).length;
  const inputs = new Float32Array((to - from) * width);
  const level = new Float32Array(to - from);
  const span = levelRows(data);
  for (let row = from; row < to; row++) {
    const first = Math.max(0, row - span + 1);
    let sum = 0;
    for (let r = first; r <= row; r++) sum += values[r]!;
    const mean = (level[row - from] = sum / (row - first + 1));
    let at = (row - from) * width;
    for (const lag of lags) inputs[at++] = row >= lag ? values[row - lag]! - mean : 0;
    inputs[at++] = mean;
    for (const { period, shift } of cycles) {
      const angle = (2 * Math.PI * (start + row * step - shift)) / period;
      inputs[at++] = Math.sin(angle);
      inputs[at++] = Math.cos(angle);
    }
    for (const covariate of covariates) {
      for (const share of AHEAD) {
        const ahead = row + 1 + Math.round(share * (horizon - 1));
        inputs[at++] = covariate[Math.min(ahead, covariate.length - 1)]!;
      }
    }
  }
  return { inputs, level };
}
