import type { MemberName } from '../src/contracts/forecasters.ts';
import { retrainingConfig, type RetrainingConfig } from '../src/contracts/retraining.ts';
import type { RegionCode } from '../src/contracts/regions.ts';

export const MODEL = 'day-ahead';
/** UTC; after the issue hour of every region. */
export const FORECAST_HOUR = 19;
export const TRAIN_DAYS = 913;
export const WINDOW_DAYS = 28;

/** How much is trained: `whole` is what the figures are made with, `small` what tests have time for. */
export type Effort = 'whole' | 'small';

/** Training steps of the first champion and of a run that goes on from a champion's weights, and who forecasts. */
export const EFFORTS: Record<Effort, { first: number; warm: number; members?: MemberName[] }> = {
  whole: { first: 200, warm: 20 },
  small: { first: 4, warm: 2, members: ['climatology', 'ridge', 'transformer'] },
};

/** Weekly retrains on four weeks that need no approval; the crons say when the simulation does things. */
export function configOf(region: RegionCode, effort: Effort): RetrainingConfig {
  const { warm, members } = EFFORTS[effort];
  return retrainingConfig.parse({
    ...{ model_name: MODEL, regions: [region], preset: 'quick', auto_deploy: true },
    ...{ train_days: TRAIN_DAYS, data_window_days: WINDOW_DAYS, max_steps: warm, members },
    // Two days without the source are too many.
    min_samples_threshold: (WINDOW_DAYS - 1) * 24,
    ...{ canary_share: 0.2, canary_hours: 24, watch_hours: 96 },
    ...{ retrain_schedule: '0 2 * * 0', ingestion_schedule: '0 2 * * 0', drift_schedule: '0 2 * * 0' },
    forecast_schedule: `0 ${FORECAST_HOUR} * * *`,
  });
}

/** The seasons' means: worse than any persistence, and a network that was hardly trained is no member. */
export const BAD: Partial<RetrainingConfig> = { start: 'fresh', max_steps: 1, members: ['climatology'] };
export const WITHOUT_CANARY: Partial<RetrainingConfig> = { canary_share: 0, canary_hours: 0 };
