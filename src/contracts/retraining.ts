import { z } from 'zod';
import { driftThresholds } from './drift.ts';
import { DISTINCT_REGIONS, regionCodes } from './regions.ts';
import { memberName } from './forecasters.ts';
import { modelName } from './stages.ts';
import { presetName } from './training.ts';

const HOURS_A_DAY = 24;

const cron = z.string().min(1).max(100);
const share = z.number().min(0).max(1);

/**
 * How a model is kept fresh, as people write it: a YAML file, in the field names of the source documents. Every field
 * has a default but the name, so that `model_name: day-ahead` is a whole configuration.
 */
export const retrainingConfig = z
  .strictObject({
    model_name: modelName,
    regions: regionCodes.default(DISTINCT_REGIONS),
    preset: presetName.default('quick'),
    retrain_schedule: cron.default('0 2 * * 0').describe('Five fields of cron, in `time_zone`'),
    ingestion_schedule: cron.default('5 * * * *'),
    drift_schedule: cron.default('30 19 * * *'),
    forecast_schedule: cron.default('0 19 * * *').describe('After the issue hour of every region'),
    time_zone: z.string().min(1).max(60).default('UTC').describe('Of all the schedules'),
    train_days: z
      .number()
      .int()
      .min(60)
      .max(36_600)
      .default(913)
      .describe('Days before the data window that a fresh model learns from'),
    data_window_days: z
      .number()
      .int()
      .min(7)
      .max(366)
      .default(30)
      .describe(
        'Newest days: what is new, where drift is looked for, and on which candidate and champion are compared',
      ),
    min_samples_threshold: z
      .number()
      .int()
      .min(1)
      .default(1000)
      .describe(
        'Hours of demand, over all regions, that the data window must have before a model is trained',
      ),
    drift_thresholds: driftThresholds
      .prefault({})
      .describe('Beyond what something has drifted; each has a default'),
    performance_threshold: share
      .default(0.05)
      .describe(
        'How much worse, as a share of the error, a version may be before it is refused or rolled back',
      ),
    members: z
      .array(memberName)
      .min(1)
      .optional()
      .describe('Forecasters of the ensemble; default: those that `fit` takes'),
    retrain: z
      .enum(['always', 'on-drift'])
      .default('always')
      .describe('on-drift: a scheduled run trains only where drift was found'),
    start: z
      .enum(['warm', 'fresh'])
      .default('warm')
      .describe("warm: the network goes on from the champion's weights; fresh: from the seed"),
    max_steps: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('Training steps; default by preset, a fortieth of it when warm'),
    auto_deploy: z.boolean().default(false).describe('Deploy what passed validation without asking anybody'),
    rollback_on_failure: z.boolean().default(true),
    canary_share: share
      .default(0.1)
      .describe('Of forecast calls that the candidate answers before it is promoted; 0: none'),
    canary_hours: z.number().int().min(0).max(2160).default(48),
    watch_hours: z
      .number()
      .int()
      .min(0)
      .max(2160)
      .default(144)
      .describe('After a promotion: how long live errors are compared with those of the champion before'),
    approval_hours: z
      .number()
      .int()
      .min(1)
      .max(8760)
      .default(120)
      .describe('How long a candidate waits for an approval before it is put aside'),
    approvers: z
      .array(z.string().min(1).max(120))
      .max(50)
      .default([])
      .describe(
        'Who may approve; nobody named: anybody. A name is a claim unless the caller was authenticated',
      ),
  })
  .superRefine((config, context) => {
    const most = config.regions.length * config.data_window_days * HOURS_A_DAY;
    if (most >= config.min_samples_threshold) return;
    const regions = config.regions.length === 1 ? '1 region' : `${config.regions.length} regions`;
    const days = Math.ceil(config.min_samples_threshold / (config.regions.length * HOURS_A_DAY));
    context.addIssue({
      code: 'custom',
      path: ['min_samples_threshold'],
      message: `${config.data_window_days} days of ${regions} have ${most} hours, never ${config.min_samples_threshold}: give data_window_days of ${days} or more, or ask for fewer samples`,
    });
  });
export type RetrainingConfig = z.infer<typeof retrainingConfig>;
