/** A condition as data: it is parsed to this, checked, and computed from this; nothing of it ever runs as code. */
export type Expression =
  | { op: 'number'; value: number }
  | { op: 'text'; value: string }
  | { op: 'truth'; value: boolean }
  | { op: 'name'; name: string }
  | { op: 'negate' | 'not'; of: Expression }
  | { op: Arithmetic | Comparison | Connective; left: Expression; right: Expression };

export const ARITHMETIC = ['+', '-', '*', '/'] as const;
export type Arithmetic = (typeof ARITHMETIC)[number];

export const COMPARISONS = ['<', '<=', '>', '>=', '==', '!='] as const;
export type Comparison = (typeof COMPARISONS)[number];

export type Connective = 'and' | 'or';

/** Words that are no names. */
export const WORDS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'true', 'false']);

/** Letters of a condition; a longer one is no condition but a programme. */
export const MOST_LETTERS = 1000;
/** Parentheses, `not` and minus signs within each other. */
export const MOST_DEPTH = 50;

/** The names that a condition is about, each once, in the order it names them. */
export function namesOf(expression: Expression): string[] {
  const names = new Set<string>();
  const waiting = [expression];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (next.op === 'name') names.add(next.name);
    else if ('of' in next) waiting.push(next.of);
    else if ('left' in next) waiting.push(next.right, next.left);
  }
  return [...names];
}
