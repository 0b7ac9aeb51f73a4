import { z } from 'zod';
import { artifactReference } from './artifact.ts';
import { WITHOUT } from './column-roles.ts';
import { stageResult } from './stages.ts';
import { dateBound, firstHourOf, lastHourOf, toDate, HOUR_SECONDS, type DateRange } from './time.ts';

/** Members that an ensemble can be made of, in the order in which they are named. */
export const MEMBER_NAMES = [
  'operator',
  'latestKnown',
  'persistence48',
  'persistence168',
  'climatology',
  'ridge',
  'ridge-own',
  'trees',
  'ridge-pooled',
  'trees-pooled',
  'transformer',
] as const;
export const memberName = z.enum(MEMBER_NAMES);
export type MemberName = z.infer<typeof memberName>;

export const ridgeSettings = z.strictObject({
  lambdas: z
    .array(z.number().positive())
    .min(1)
    .max(50)
    .default([0.03, 0.3])
    .describe('Penalties to choose from, by error on the last part of the training issues'),
  holdoutDays: z
    .number()
    .int()
    .positive()
    .default(180)
    .describe('The last part, days; at most a quarter of the issues'),
  halfLifeDays: z
    .number()
    .positive()
    .default(1500)
    .describe('An issue so much older counts half; operators and demand change'),
  without: z
    .array(z.string())
    .max(500)
    .default(WITHOUT.ridge)
    .describe('Columns that they do not see: a trend that is learnt is one that is believed to go on'),
  rounds: z.number().int().min(0).max(50).default(4).describe('Of reweighting against outliers'),
  huber: z
    .number()
    .positive()
    .default(0.5)
    .describe('In median residuals: small, because MAPE rewards the median and not the mean'),
  pooled: z.boolean().default(false).describe('One model for all regions, which then answers for any'),
});
export type RidgeSettings = z.infer<typeof ridgeSettings>;

export const treesSettings = z.strictObject({
  trees: z.number().int().positive().max(100_000).default(400),
  leaves: z.number().int().min(2).max(4096).default(15),
  learningRate: z.number().gt(0).max(1).default(0.03),
  leastRows: z.number().positive().default(80).describe('Rows a leaf at least: hours of several days'),
  rowShare: z.number().gt(0).max(1).default(0.7),
  columnShare: z.number().gt(0).max(1).default(0.3),
  loss: z.enum(['absolute', 'squared']).default('absolute').describe('absolute: MAPE rewards the median'),
  halfLifeDays: z.number().positive().default(730).describe('An issue so much older counts half'),
  without: z
    .array(z.string())
    .max(500)
    .default(WITHOUT.trees)
    .describe(
      'Columns that they do not see, beside the profiles of whole days: by a date alone trees learn single weeks by heart',
    ),
  pooled: z.boolean().default(false).describe('One model for all regions, which then answers for any'),
});
export type TreesSettings = z.infer<typeof treesSettings>;

/** Whole years see every season; weights and intervals fitted on one only are those of that season. */
export const VALIDATION_DAYS = 365;
/** More of what is known would leave too little to fit on. */
export const LARGEST_VALIDATION_SHARE = 0.25;

/** How a forecaster is fitted, whatever it is fitted on. */
export const fitSettings = z.strictObject({
  members: z
    .array(memberName)
    .min(1)
    .max(MEMBER_NAMES.length)
    .refine((names) => new Set(names).size === names.length, 'one stands in it twice')
    .optional()
    .describe(
      'Default: climatology, ridge, ridge-own and trees, and the transformer where a training is given',
    ),
  validationDays: z
    .number()
    .int()
    .min(7)
    .max(3660)
    .default(VALIDATION_DAYS)
    .describe('Last days known that weights and intervals are fitted on; at most a quarter of them'),
  search: artifactReference
    .optional()
    .describe(
      'A search manifest to go on from: ridge and trees take its best settings in place of those here, and further trials of its ensemble become members, such as trees-t02',
    ),
  ridge: ridgeSettings.omit({ pooled: true }).prefault({}),
  trees: treesSettings.omit({ pooled: true }).prefault({}),
});
export type FitSettings = z.infer<typeof fitSettings>;

export const fitForecasterInput = fitSettings
  .extend({
    sequences: artifactReference.describe('A sequences manifest: its issue tables are what is learnt from'),
    training: artifactReference
      .optional()
      .describe('A training manifest of these sequences: the transformer becomes a member'),
    through: dateBound
      .optional()
      .describe(
        'The last day learnt from; default: the end of the training period that the sequences were cut with. Later where a network was trained up to there and is to be weighed on what it has not seen',
      ),
    trainDays: z
      .number()
      .int()
      .min(30)
      .max(36_600)
      .optional()
      .describe('Learn from the last so many days of the training period; default: all of it'),
    refitOf: artifactReference
      .optional()
      .describe(
        'A forecaster manifest of these sequences: its weights stay, its members learn anew from all that is known, and its errors since go on to calibrate it',
      ),
    seed: z.number().int().nonnegative().default(1),
  })
  .superRefine(({ members = [], training }, context) => {
    if (!members.includes('transformer') || training) return;
    const message = 'the transformer is a member only with the training manifest that holds it';
    context.addIssue({ code: 'custom', path: ['training'], message });
  });
export type FitForecasterInput = z.infer<typeof fitForecasterInput>;

export const fitForecasterResult = stageResult.extend({
  dataset: artifactReference.describe('A forecaster manifest'),
});
export type FitForecasterResult = z.infer<typeof fitForecasterResult>;

const DAY_SECONDS = 24 * HOUR_SECONDS;

type Weighing = Pick<FitSettings, 'members' | 'validationDays'>;

/** Of so many days to learn from, the last that a network does not see, so that it can be weighed on them. */
export function weighingDays(days: number, { members, validationDays }: Weighing): number {
  if (members && !members.includes('transformer')) return 0;
  return Math.floor(Math.min(validationDays, days * LARGEST_VALIDATION_SHARE));
}

/** What a network is trained on, where it is to be a member of an ensemble that learns from all of `train`. */
export function trainedRange(train: DateRange, fit: Weighing): DateRange {
  const last = lastHourOf(train.to);
  const days = weighingDays((last - firstHourOf(train.from) + HOUR_SECONDS) / DAY_SECONDS, fit);
  if (days === 0) return train;
  return { from: train.from, to: toDate(last - days * DAY_SECONDS - HOUR_SECONDS) };
}
