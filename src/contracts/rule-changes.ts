import { z } from 'zod';

/** reject: the value is removed and its row quarantined. flag: the verdict names it, the value stays. */
const effect = z.enum(['reject', 'flag', 'off']);
export type Effect = z.infer<typeof effect>;

const share = z.number().positive().max(100);
const hours = z.number().int().min(1).max(8784);
const year = z.number().int().min(1900).max(2200);

const limitsOf = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape).partial().optional();
/** What a rule does in columns that features see, and in those that targets and scores come from. */
const effects = { causal: effect.optional(), final: effect.optional() };

/**
 * Other limits and effects for the rules of validation, by rule; what is not named stays. `missing` and `duplicate`
 * have none: there is no value that could be let in.
 */
export const ruleChanges = z
  .strictObject({
    schema: z.strictObject({ limits: limitsOf({ firstYear: year, lastYear: year }) }),
    negative: z.strictObject({
      ...effects,
      limits: limitsOf({ fuelTolerance: z.number().min(0).max(1), mayBeNegative: z.array(z.string()) }),
    }),
    zero: z.strictObject(effects),
    range: z.strictObject({
      ...effects,
      limits: limitsOf({
        low: z.number().min(0).max(1),
        high: z.number().min(1).max(1000),
        windowHours: hours,
        minimumHours: hours,
      }),
    }),
    flat_line: z.strictObject({ ...effects, limits: limitsOf({ hours: hours.min(2) }) }),
    spike: z.strictObject({
      ...effects,
      limits: limitsOf({ change: share, neighbourHours: hours, agreement: share }),
    }),
    energy_balance: z.strictObject({
      ...effects,
      limits: limitsOf({ flagAbove: share, rejectAbove: share }),
    }),
    shifted: z.strictObject({
      causal: effect.optional(),
      limits: limitsOf({ windowHours: hours, minimumHours: hours, gain: share, clip: share }),
    }),
    biased: z.strictObject({
      causal: effect.optional(),
      limits: limitsOf({ windowHours: hours, minimumHours: hours, error: share }),
    }),
  })
  .partial();
export type RuleChanges = z.infer<typeof ruleChanges>;
