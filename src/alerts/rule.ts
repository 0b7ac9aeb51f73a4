import { z } from 'zod';
import { severity } from '../contracts/alerts.ts';
import { modelName } from '../contracts/stages.ts';
import { namesOf, type Expression } from './expression/expression.ts';
import { parseCondition } from './expression/parse.ts';

const slug = /^[A-Za-z][A-Za-z0-9_-]{0,59}$/;
export const ruleName = z
  .string()
  .regex(slug, 'must be up to 60 letters, digits, _ and -, a letter first, such as high_drift');
export const channelName = z
  .string()
  .regex(slug, 'must be up to 60 letters, digits, _ and -, a letter first, such as email');

const channels = z.array(channelName).max(20);
/** A year: what is longer away is never. */
const MOST_HOURS = 8760;

/** A rule as people write it, in the field names of the source documents. */
export const alertRule = z
  .strictObject({
    condition: z
      .string()
      .transform((source, context) => {
        try {
          return { source, tree: parseCondition(source) };
        } catch (error) {
          context.addIssue({ code: 'custom', message: (error as { line: string }).line });
          return z.NEVER;
        }
      })
      .describe('psi_score > 0.25'),
    severity: severity.default('warning'),
    notification: channels.min(1, 'names no channel: nobody would ever hear of it'),
    for: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .describe('Observations in a row that must hold before it fires'),
    per: z
      .array(z.string().min(1).max(60))
      .max(5)
      .default([])
      .describe('Facts that separate incidents: per job, a late retrain and a late forecast are two'),
    repeat_hours: z
      .number()
      .positive()
      .max(MOST_HOURS)
      .optional()
      .describe('Tell again after so long while it fires and nobody has acknowledged; default: never'),
    escalate_after_minutes: z
      .number()
      .positive()
      .max(MOST_HOURS * 60)
      .optional()
      .describe('Tell escalate_to when nobody has acknowledged it for so long'),
    escalate_to: channels.default([]),
    models: z.array(modelName).max(100).optional().describe('Default: all'),
    regions: z
      .array(z.string().min(1).max(20))
      .max(100)
      .optional()
      .describe('Only observations with a fact `region` among these, each region by itself; default: all'),
    enabled: z.boolean().default(true),
  })
  .superRefine((rule, context) => {
    if ((rule.escalate_after_minutes !== undefined) === rule.escalate_to.length > 0) return;
    const path = [rule.escalate_to.length > 0 ? 'escalate_after_minutes' : 'escalate_to'];
    context.addIssue({
      code: 'custom',
      path,
      message: 'is missing: escalate_to and escalate_after_minutes go together',
    });
  });

export const alertRules = z.strictObject({ alert_rules: z.record(ruleName, alertRule) });

export interface Rule {
  name: string;
  condition: string;
  tree: Expression;
  /** What the condition names. */
  names: string[];
  severity: z.infer<typeof severity>;
  notification: string[];
  for: number;
  per: string[];
  repeatHours: number | undefined;
  escalateAfterMinutes: number | undefined;
  escalateTo: string[];
  models: string[] | undefined;
  regions: string[] | undefined;
}

/** The rules of a file's content by name; those that are not enabled are there as undefined. */
export function rulesOf(content: z.infer<typeof alertRules>): Map<string, Rule | undefined> {
  return new Map(
    Object.entries(content.alert_rules).map(([name, rule]) => [
      name,
      rule.enabled ? ruleOf(name, rule) : undefined,
    ]),
  );
}

const ruleOf = (name: string, rule: z.infer<typeof alertRule>): Rule => ({
  name,
  condition: rule.condition.source,
  tree: rule.condition.tree,
  names: namesOf(rule.condition.tree),
  severity: rule.severity,
  notification: [...new Set(rule.notification)],
  for: rule.for,
  per: [...new Set([...rule.per, ...(rule.regions ? ['region'] : [])])],
  repeatHours: rule.repeat_hours,
  escalateAfterMinutes: rule.escalate_after_minutes,
  escalateTo: [...new Set(rule.escalate_to)],
  models: rule.models,
  regions: rule.regions,
});
