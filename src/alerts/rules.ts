import { BadInputError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { defaultRules } from './default-rules.ts';
import { alertRules, rulesOf, type Rule } from './rule.ts';
import { readYaml } from './yaml-file.ts';

export const RULES_URI = 'alerts/rules.yaml';

export interface Rules {
  rules: Rule[];
  /** Why the home's own file does not count, where it does not. */
  trouble: string | null;
}

/**
 * The shipped rules, and over them those of the home: one of the same name replaces, `enabled: false` takes away. So
 * whoever adds a rule keeps the ones that watch for absent work.
 */
export async function readRules(home: Home): Promise<Rule[]> {
  const example = '`alert_rules: {high_drift: {condition: psi_score > 0.25, notification: [email]}}`';
  const own = await readYaml(home.path(RULES_URI), alertRules, { example, secret: false });
  const all = new Map([...defaultRules(), ...(own ? rulesOf(own) : [])]);
  return [...all.values()].filter((rule) => rule !== undefined);
}

/** For what must go on: a file that is wrong leaves the shipped rules, and says so. */
export async function rulesInForce(home: Home): Promise<Rules> {
  try {
    return { rules: await readRules(home), trouble: null };
  } catch (error) {
    if (!(error instanceof BadInputError)) throw error;
    return { rules: [...defaultRules().values()].filter((rule) => rule !== undefined), trouble: error.line };
  }
}
