import type { AlertFacts } from '../contracts/alerts.ts';
import type { Rule } from './rule.ts';

/** Why a rule holds: its condition and what it names, `greatest_psi > 0.1: greatest_psi 0.29`. */
export function becauseOf(
  { condition, names }: Pick<Rule, 'condition' | 'names'>,
  facts: AlertFacts,
): string {
  const values = names.flatMap((name) =>
    Object.hasOwn(facts, name) ? [`${name} ${shownFact(facts[name]!)}`] : [],
  );
  return values.length === 0 ? condition : `${condition}: ${values.join(', ')}`;
}

export const shownFact = (value: AlertFacts[string]): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value);
