import type { MemberName } from '../src/contracts/forecasters.ts';
import { retrainingConfig, type RetrainingConfig } from '../src/contracts/retraining.ts';
import type { RegionCode } from '../src/contracts/regions.ts';

export const MODEL = 'day-ahead';
/** UTC; after the issue hour of every region. */
export const FORECAST_HOUR = 19;
export const WINDOW_DAYS = 28;

/** How much is trained: `whole` is what the figures are made with, `small` what tests have time for. */
export type Effort = 'whole' | 'small';

interface Work {
  trainDays: number;
  /** Training steps of the first champion, and of a run that goes on from a champion's weights. */
  first: number;
  warm: number;
  /** Who forecasts. */
  members: MemberName[];
}

export const EFFORTS: Record<Effort, Work> = {
  // Trees take half of a fit and hardly lower the error of one region's ensemble (docs/continuous-learning.md).
  whole: {
    ...{ trainDays: 913, first: 200, warm: 8 },
    members: ['climatology', 'ridge', 'ridge-own', 'transformer'],
  },
  small: { trainDays: 300, first: 2, warm: 1, members: ['climatology', 'ridge', 'transformer'] },
};

/** Weekly retrains on four weeks that need no approval; the crons say when the simulation does things. */
export function configOf(region: RegionCode, effort: Effort): RetrainingConfig {
  const { trainDays, warm, members } = EFFORTS[effort];
  return retrainingConfig.parse({
    ...{ model_name: MODEL, regions: [region], preset: 'quick', auto_deploy: true },
    ...{ train_days: trainDays, data_window_days: WINDOW_DAYS, max_steps: warm, members },
    // Two days without the source are too many.
    min_samples_threshold: (WINDOW_DAYS - 1) * 24,
    ...{ canary_share: 0.2, canary_hours: 24, watch_hours: 96 },
    ...{ retrain_schedule: '0 2 * * 0', ingestion_schedule: '0 2 * * 0', drift_schedule: '0 2 * * 0' },
    forecast_schedule: `0 ${FORECAST_HOUR} * * *`,
  });
}

/** The seasons' means: worse than any persistence. */
export const BAD: Partial<RetrainingConfig> = { start: 'fresh', max_steps: 1, members: ['climatology'] };
/** A network of one step: in some weeks not much worse than the champion, in others by half. */
export const HALF_TRAINED: Partial<RetrainingConfig> = {
  ...{ start: 'fresh', max_steps: 1, members: ['climatology', 'transformer'] },
  ...{ canary_share: 0, canary_hours: 0 },
};
