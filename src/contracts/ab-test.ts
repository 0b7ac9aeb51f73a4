import { z } from 'zod';
import { sha256Hex } from './artifact.ts';
import { modelName, requestId } from './stages.ts';
import { hourStamp } from './time.ts';

export const variant = z.enum(['control', 'treatment']);
export type Variant = z.infer<typeof variant>;

/** What success is measured by, and how each is read from an outcome. */
export const KNOWN_METRICS = [
  'f1_score',
  'accuracy',
  'precision',
  'recall',
  'conversion',
  'rating',
  'mape',
  'mae',
] as const;

const LOWER_IS_BETTER: readonly string[] = ['mape', 'mae'];
/** They lie between 0 and 1, so that a threshold is one of points. */
const SHARES: readonly string[] = ['f1_score', 'accuracy', 'precision', 'recall', 'conversion'];

const MODEL_RULE =
  "must be a registered model's name, such as day-ahead, for its champion at the start, or name@version, such as day-ahead@3";

const testedModel = z.string().regex(/^[a-z][a-z0-9-]{0,62}(@[1-9]\d{0,8})?$/, { error: MODEL_RULE });

const MOST_HOURS = 24 * 366;
/** `28d`, `36h` or `4w` in hours. */
export function durationHours(text: string): number {
  const [, count = '0', unit = 'h'] = /^(\d{1,5})(h|d|w)$/.exec(text) ?? [];
  return Number(count) * { h: 1, d: 24, w: 168 }[unit as 'h' | 'd' | 'w'];
}

export const abDuration = z
  .string()
  .regex(/^\d{1,5}[hdw]$/, {
    error: 'must be hours, days or weeks, such as 36h, 28d or 4w',
    abort: true,
  })
  .refine((text) => durationHours(text) >= 1 && durationHours(text) <= MOST_HOURS, {
    error: 'must be from 1h to 366d',
  });

/** An A/B test as people write it: YAML or flags, in the field names of the source documents. */
export const abTestConfig = z
  .strictObject({
    test_name: modelName.describe('Names the test for ever; users are dealt by it, so it is used once'),
    control_model: testedModel.describe('name: its champion at the start; name@version: that version'),
    treatment_model: testedModel,
    traffic_split: z.number().gt(0).lt(1).default(0.1).describe('Share of the users that the treatment gets'),
    success_metric: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,59}$/, { error: 'must be lower case letters, digits and _' })
      .default('f1_score')
      .describe(`${KNOWN_METRICS.join(', ')}, or any other numeric outcome with higher_is_better`),
    higher_is_better: z.boolean().optional().describe('Of a metric that is not one of the known'),
    success_threshold: z
      .number()
      .gt(0)
      .max(10)
      .default(0.05)
      .describe('The improvement asked for, which the test is planned to find'),
    threshold_kind: z
      .enum(['absolute', 'relative'])
      .optional()
      .describe(
        'absolute: in the units of the metric; relative: a share of the control’s value. Default: absolute for metrics from 0 to 1 (0.05: five points), relative for all others (0.05: five percent)',
      ),
    alpha: z
      .number()
      .gt(0)
      .max(0.5)
      .default(0.05)
      .describe('Chance, over the whole test and all looks at it, to see a difference where none is'),
    power: z
      .number()
      .min(0.5)
      .lt(1)
      .default(0.8)
      .describe('Chance to find the improvement asked for by the planned sample'),
    min_samples: z
      .number()
      .int()
      .min(30)
      .max(1_000_000)
      .default(100)
      .describe('Users with an outcome that each variant must have before anything is concluded'),
    max_duration: abDuration.default('28d'),
    action: z
      .enum(['promote', 'stop', 'ask'])
      .default('ask')
      .describe(
        'When it is decided. promote: the treatment becomes champion where it won, else the test ends; stop: the test ends; ask: it goes on until a person ends it, or its time does',
      ),
    baseline: z.number().optional().describe('What the control is expected to reach; for the plan'),
    baseline_sd: z
      .number()
      .gt(0)
      .optional()
      .describe('Standard deviation of one user’s outcome; for the plan of metrics that are means'),
    positive_share: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe('Share of the outcomes that are positives; for the plan of f1_score, precision and recall'),
    users_per_day: z
      .number()
      .gt(0)
      .optional()
      .describe('Users with an outcome; for the plan: what max_duration can find'),
  })
  .superRefine((config, context) => {
    const { control_model: control, treatment_model: treatment, success_metric: metric } = config;
    if (control === treatment) {
      context.addIssue({ code: 'custom', path: ['treatment_model'], message: 'is the control itself' });
    }
    const isKnown = (KNOWN_METRICS as readonly string[]).includes(metric);
    if (!isKnown && config.higher_is_better === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['higher_is_better'],
        message: `must be given: ${metric} is none of ${KNOWN_METRICS.join(', ')}`,
      });
    }
    if (isKnown && config.higher_is_better === LOWER_IS_BETTER.includes(metric)) {
      context.addIssue({
        code: 'custom',
        path: ['higher_is_better'],
        message: `of ${metric}, ${LOWER_IS_BETTER.includes(metric) ? 'less' : 'more'} is better`,
      });
    }
    if (thresholdKind(config) === 'absolute' && SHARES.includes(metric) && config.success_threshold >= 1) {
      context.addIssue({
        code: 'custom',
        path: ['success_threshold'],
        message: `must be below 1: ${metric} lies between 0 and 1`,
      });
    }
  });
export type ABTestConfig = z.infer<typeof abTestConfig>;

export const higherIsBetter = ({
  success_metric: metric,
  higher_is_better: told,
}: Pick<ABTestConfig, 'success_metric' | 'higher_is_better'>) => told ?? !LOWER_IS_BETTER.includes(metric);

export const thresholdKind = ({
  success_metric: metric,
  threshold_kind: told,
}: Pick<ABTestConfig, 'success_metric' | 'threshold_kind'>) =>
  told ?? (SHARES.includes(metric) ? 'absolute' : 'relative');

const isoMoment = z
  .string()
  .max(40)
  .refine((text) => !Number.isNaN(Date.parse(text)), { error: 'must be a moment in ISO 8601' });

const finite = z.number().min(-1e15).max(1e15);

/** What came of a request. Which fields count is the metric's business. */
export const abOutcome = z.strictObject({
  request: requestId,
  at: isoMoment.optional().describe('Default: now'),
  value: finite.optional().describe('A rating from 1 to 5, a conversion 0 or 1, an error, any number'),
  predicted: z.boolean().optional().describe('What a classifier said, beside what was so'),
  actual: z.boolean().optional(),
  forecast_mw: finite.optional().describe('What was forecast, beside what came'),
  actual_mw: finite.optional(),
});
export type ABOutcome = z.infer<typeof abOutcome>;

/** More than these do not travel together: a history holds each of them. */
export const MOST_OUTCOMES = 200;
export const abOutcomes = z.strictObject({
  outcomes: z.array(abOutcome).min(1).max(MOST_OUTCOMES),
  by: z.string().min(1).max(120).default('unknown'),
});
export type ABOutcomes = z.infer<typeof abOutcomes>;

/** What became of outcomes that were handed over. */
export const abAccount = z.strictObject({
  taken: z.number().int(),
  /** The request had one already: the first one counts. */
  repeated: z.number().int(),
  refused: z.number().int(),
  /** The first few, with the reason. */
  refusals: z.array(z.strictObject({ request: z.string(), reason: z.string() })).max(10),
});
export type ABAccount = z.infer<typeof abAccount>;

const testedVersion = z.strictObject({
  name: modelName,
  version: z.number().int().positive(),
  sha256: sha256Hex,
});
export type TestedVersion = z.infer<typeof testedVersion>;

export const abDecision = z.enum(['continue', 'promote', 'keep', 'broken', 'futile']);
export type ABDecision = z.infer<typeof abDecision>;

export const abEnding = z.strictObject({
  at: z.string(),
  decision: abDecision,
  says: z.string().max(1000),
  by: z.string().max(120),
  promoted: z.boolean(),
});
export type ABEnding = z.infer<typeof abEnding>;

/** `ab-tests/<name>/test.json`: who answers whom, and until when. What comes of it lies beside it, line by line. */
export const abTestRecord = z.strictObject({
  formatVersion: z.literal(1),
  config: abTestConfig,
  control: testedVersion,
  treatment: testedVersion,
  /**
   * Of the control's model, where the control is its champion: the test answers its forecasts as long as it stays so.
   * Null: another is champion, or nobody; then the test deals only the requests that somebody brings to it.
   */
  championGeneration: z.number().int().nonnegative().nullable(),
  startedAt: z.string(),
  startedBy: z.string().max(120),
  endsAt: z.string(),
  /** Null while it runs. */
  ending: abEnding.nullable(),
});
export type ABTestRecord = z.infer<typeof abTestRecord>;

const armResult = z.strictObject({
  /** Users that were dealt to it. */
  assigned: z.number().int(),
  /** Users with an outcome. */
  units: z.number().int(),
  outcomes: z.number().int(),
  value: z.number().nullable(),
});

/** How it stands, by all outcomes of the file; the same for everybody who reads it. */
export const abResult = z.strictObject({
  control: armResult,
  treatment: armResult,
  /** The treatment's improvement: above 0 it is better. Null while there is too little to tell. */
  effect: z
    .strictObject({
      kind: z.enum(['absolute', 'relative']),
      estimate: z.number(),
      /** Of the confidence sequence, as it is now. */
      low: z.number(),
      high: z.number(),
    })
    .nullable(),
  /** Always valid: the least there ever was. */
  pValue: z.number(),
  /** Of the information that the plan asks for. */
  information: z.number(),
  /** Users that are still missing to the plan; null while nobody can tell. */
  missing: z.number().int().nullable(),
  sampleRatio: z.strictObject({
    expected: z.number(),
    observed: z.number().nullable(),
    pValue: z.number(),
    broken: z.boolean(),
  }),
  decision: abDecision,
  /** When it was decided: the moment of the outcome that did it. */
  decidedAt: z.string().nullable(),
  /** The recommendation and its reason. */
  says: z.string().max(1000),
});
export type ABResult = z.infer<typeof abResult>;

const explicitAsOf = hourStamp
  .optional()
  .describe('UTC; the moment that the test stands for. Given, its clock moves only by the signal `clock`');

const by = z.string().min(1).max(120).default('unknown').describe('A claim');
const reason = z.string().max(500).default('');

export const abTestInput = z.strictObject({
  config: abTestConfig,
  by,
  reason,
  asOf: explicitAsOf,
  lookMinutes: z
    .number()
    .positive()
    .max(1440)
    .default(15)
    .describe('How often outcomes that were written beside it are looked for'),
});
export type ABTestInput = z.infer<typeof abTestInput>;

/** Ends the test; `promote` makes the treatment champion first. */
export const abStopRequest = z.strictObject({ by, reason, promote: z.boolean().default(false) });
export type ABStopRequest = z.infer<typeof abStopRequest>;

export const abExtendRequest = z.strictObject({ by, reason, duration: abDuration });
export type ABExtendRequest = z.infer<typeof abExtendRequest>;

/** What somebody asked of a test, and what became of it. */
export const abRequest = z.strictObject({
  at: z.string(),
  kind: z.enum(['stop', 'extend', 'outcomes']),
  by: z.string(),
  /** Why it was refused; null where it was taken. */
  refusal: z.string().nullable(),
});
export type ABRequest = z.infer<typeof abRequest>;

export const abPhase = z.enum(['starting', 'running', 'decided', 'ended']);
export type ABPhase = z.infer<typeof abPhase>;

export const abTestStatus = z.strictObject({
  test: modelName,
  phase: abPhase,
  says: z.string(),
  control: testedVersion.nullable(),
  treatment: testedVersion.nullable(),
  endsAt: z.string().nullable(),
  /** Those of the control's model that name no version. */
  answersForecasts: z.boolean(),
  result: abResult.nullable(),
  ending: abEnding.nullable(),
  /** Newest first, at most 20. */
  requests: z.array(abRequest),
});
export type ABTestStatus = z.infer<typeof abTestStatus>;

// What the activities take.
export const abStartInput = z.strictObject({
  config: abTestConfig,
  by: z.string().max(120),
  at: z.string().describe('The moment it begins, ISO 8601'),
});
export type ABStartInput = z.infer<typeof abStartInput>;

export const abJudgeInput = z.strictObject({
  name: modelName,
  outcomes: z.array(abOutcome).max(MOST_OUTCOMES).default([]),
  at: z.string().describe('Of outcomes that do not say'),
  over: z.boolean().default(false).describe('Its time is over: what is not decided now will not be'),
});
export type ABJudgeInput = z.infer<typeof abJudgeInput>;

/** What a look at the files answers. */
export const abLook = z.strictObject({
  account: abAccount,
  result: abResult,
  /** Why the test no longer answers for its model; null while it does, or where it never could. */
  interrupted: z.string().nullable(),
});
export type ABLook = z.infer<typeof abLook>;

export const abChangeInput = z.strictObject({
  name: modelName,
  endsAt: z.string().optional(),
  ending: abEnding.optional(),
});
export type ABChangeInput = z.infer<typeof abChangeInput>;
