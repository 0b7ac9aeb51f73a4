import { z } from 'zod';
import { artifactReference } from './artifact.ts';
import { regionCode } from './regions.ts';
import { modelName, stageResult } from './stages.ts';
import { dateRange, hourStamp } from './time.ts';

/**
 * What is explained together: the groups of an issue table's columns, and `sequence`, the past hours as the ring
 * transformer has read them.
 */
export const EXPLAINED_GROUPS = [
  'calendar',
  'lags',
  'recent',
  'yearly',
  'operator',
  'weather',
  'sequence',
] as const;
export type ExplainedGroup = (typeof EXPLAINED_GROUPS)[number];

/** How a what-if changes a column: to a value, by a sum, or by a factor. */
export const columnChange = z.strictObject({
  column: z.string().min(1).max(100),
  how: z.enum(['set', 'add', 'multiply']),
  value: z.number(),
});
export type ColumnChange = z.infer<typeof columnChange>;

export const explainInput = z
  .strictObject({
    name: modelName.default('day-ahead').describe('A registered model'),
    version: z.number().int().positive().optional().describe('Default: the champion'),
    manifest: artifactReference
      .optional()
      .describe('A forecaster or training manifest in place of a registered model'),
    regions: z.array(regionCode).min(1).optional().describe('Default: all that it forecasts'),
    period: dateRange
      .optional()
      .describe('Target hours to explain; default: those that its sequences were cut to be scored on'),
    issuedAt: hourStamp
      .optional()
      .describe(
        'UTC; explains the last forecast that was issued by then. Default with a what-if: the last of all',
      ),
    whatIf: z
      .array(columnChange)
      .max(50)
      .default([])
      .describe('Columns to change for one forecast, in this order'),
    groups: z
      .array(z.enum(EXPLAINED_GROUPS))
      .min(1)
      .optional()
      .describe('Groups to permute; default: all that have columns'),
    repeats: z
      .number()
      .int()
      .min(2)
      .max(50)
      .default(5)
      .describe('Permutations a group: their spread says how much of an importance is chance'),
    seed: z
      .number()
      .int()
      .nonnegative()
      .max(2 ** 31 - 1)
      .default(1),
  })
  .superRefine(({ groups = [] }, context) => {
    const twice = groups.find((name, i) => groups.indexOf(name) !== i);
    if (twice) context.addIssue({ code: 'custom', path: ['groups'], message: `${twice} stands in it twice` });
  });
export type ExplainInput = z.infer<typeof explainInput>;

/** Percent. */
const percent = z.number().nonnegative();

const groupImportance = z.strictObject({
  group: z.enum(EXPLAINED_GROUPS),
  /** Columns of the group; of `sequence` the network's input channels. */
  columns: z.number().int().positive(),
  /** By how much MAPE rises, percentage points: the mean of the repeats, and their standard deviation. */
  increase: z.number(),
  spread: z.number().nonnegative(),
  repeats: z.array(z.number()),
});
export type GroupImportance = z.infer<typeof groupImportance>;

const forecasterImportance = z.strictObject({
  forecaster: z.string(),
  /** Of a member in its ensemble. */
  weight: z.number().optional(),
  hours: z.number().int(),
  mape: percent,
  groups: z.array(groupImportance),
});
export type ForecasterImportance = z.infer<typeof forecasterImportance>;

const importance = z.strictObject({
  issues: z.number().int(),
  /** Target hours scored, UTC, first and last. */
  from: hourStamp,
  to: hourStamp,
  seed: z.number().int(),
  /** Issues are exchanged within stretches of about so many. */
  stretch: z.number().int(),
  /** What all forecasts are ratios to, which no permutation touches. */
  base: z.strictObject({ mape: percent, operatorShare: z.number().min(0).max(1) }),
  /** The forecaster itself, then its members. */
  forecasters: z.array(forecasterImportance).min(1),
});
export type Importance = z.infer<typeof importance>;

const lagBin = z.strictObject({
  /** Hours before the newest known hour, which is 0; `to` excluded. */
  from: z.number().int().nonnegative(),
  to: z.number().int().positive(),
  /** Of all attention, mean over issues, heads and layers. */
  share: z.number().min(0),
  /** What it would be if all hours in reach were looked at alike. */
  alike: z.number().min(0),
  byLayer: z.array(z.number().min(0)),
});
export type LagBin = z.infer<typeof lagBin>;

const attention = z.strictObject({
  issues: z.number().int().positive(),
  layers: z.number().int().positive(),
  heads: z.number().int().positive(),
  /** Hours of history that the issues had before them. */
  reach: z.strictObject({ least: z.number().int(), most: z.number().int() }),
  bins: z.array(lagBin).min(1),
});
export type Attention = z.infer<typeof attention>;

const moved = z.strictObject({
  group: z.enum(EXPLAINED_GROUPS),
  columns: z.number().int().positive(),
  /** Mean absolute change of the forecast when the group comes from other issues, percent. */
  change: percent,
  draws: z.number().int(),
});
export type MovedBy = z.infer<typeof moved>;

/** Of a target hour, MW: the median and the 80 % interval, and nothing where it cannot be forecast. */
const forecastHour = z.strictObject({
  hour: hourStamp,
  low: z.number().nullable(),
  median: z.number().nullable(),
  high: z.number().nullable(),
});
export type ForecastHour = z.infer<typeof forecastHour>;

const changedColumn = columnChange.extend({
  /** Over the target hours, before and after. */
  before: z.strictObject({ least: z.number().nullable(), most: z.number().nullable() }),
  after: z.strictObject({ least: z.number(), most: z.number() }),
  /** In the region's training issues; null where it never had a value. */
  seen: z.strictObject({ least: z.number(), most: z.number() }).nullable(),
  /** Columns that are computed from it and changed along. */
  followed: z.array(z.string()),
});
export type ChangedColumn = z.infer<typeof changedColumn>;

const oneForecast = z.strictObject({
  issuedAt: hourStamp,
  /** What moved it, most first. */
  movedBy: z.array(moved),
  before: z.array(forecastHour),
  /** With the changes of a what-if. */
  whatIf: z
    .strictObject({
      changes: z.array(changedColumn).min(1),
      after: z.array(forecastHour),
      warnings: z.array(z.string()),
    })
    .optional(),
});
export type OneForecast = z.infer<typeof oneForecast>;

const regionExplanation = z.strictObject({
  region: regionCode,
  importance: importance.optional(),
  /** Absent where no transformer is in it. */
  attention: attention.optional(),
  forecast: oneForecast.optional(),
});
export type RegionExplanation = z.infer<typeof regionExplanation>;

/** `explanation.json` of an explanation manifest. */
export const explanation = z.strictObject({
  formatVersion: z.literal(1),
  forecaster: z.string(),
  members: z.array(z.string()),
  regions: z.array(regionExplanation).min(1),
});
export type Explanation = z.infer<typeof explanation>;

export const explainResult = stageResult.extend({
  dataset: artifactReference.describe('An explanation manifest'),
});
export type ExplainResult = z.infer<typeof explainResult>;
