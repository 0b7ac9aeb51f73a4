import { readFile } from 'node:fs/promises';
import { ruleChanges, type RuleChanges } from '../contracts/rule-changes.ts';
import { BadInputError, describeIssues } from '../errors.ts';

/** Reads changed rules of validation; what is wrong is named by rule and field. */
export async function readRules(file: string | undefined): Promise<RuleChanges | undefined> {
  if (file === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new BadInputError(
      `${file} cannot be read as JSON (${(error as Error).message}).`,
      'Give a file such as {"spike": {"limits": {"change": 0.5}}}.',
    );
  }
  const parsed = ruleChanges.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new BadInputError(
    `The rules in ${file} are wrong: ${describeIssues(parsed.error.issues)}.`,
    `Rules that can be changed: ${Object.keys(ruleChanges.shape).join(', ')}; src/validation/rules.ts has their limits.`,
  );
}
