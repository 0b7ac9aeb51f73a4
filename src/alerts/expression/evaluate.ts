import { quoted } from '../../errors.ts';
import { namesOf, type Expression } from './expression.ts';

export type Fact = number | string | boolean;

/** Undecided: neither true nor false, and why; a rule that is undecided neither fires nor recovers. */
export type Verdict = { decided: true; holds: boolean } | { decided: false; absent: string[]; why: string };

class Undecided extends Error {}

/**
 * Holds a condition against facts. A name that is absent makes all of it undecided, whatever the rest says: a rule that
 * half of the facts could fire would recover, or not, by accident. So do a fact of another kind than its place needs,
 * and arithmetic without a finite result. `and` and `or` look at their right side only where it matters, so that
 * `hours > 0 and misses / hours > 0.1` is decided when there are none.
 */
export function evaluate(condition: Expression, facts: Readonly<Record<string, Fact>>): Verdict {
  const absent = namesOf(condition).filter((name) => !Object.hasOwn(facts, name));
  if (absent.length > 0) {
    return { decided: false, absent, why: `${absent.join(', ')} ${absent.length > 1 ? 'are' : 'is'} absent` };
  }
  try {
    return { decided: true, holds: truth(condition, facts) };
  } catch (error) {
    if (error instanceof Undecided) return { decided: false, absent, why: error.message };
    throw error;
  }
}

type Facts = Readonly<Record<string, Fact>>;

function valueOf(tree: Expression, facts: Facts): Fact {
  switch (tree.op) {
    case 'number':
    case 'text':
    case 'truth':
      return tree.value;
    case 'name':
      return facts[tree.name]!;
    case 'negate':
      return -number(tree.of, facts);
    case 'not':
      return !truth(tree.of, facts);
    case 'and':
      return truth(tree.left, facts) && truth(tree.right, facts);
    case 'or':
      return truth(tree.left, facts) || truth(tree.right, facts);
    case '==':
    case '!=':
      return same(tree.left, tree.right, facts) === (tree.op === '==');
    default: {
      const [left, right] = [number(tree.left, facts), number(tree.right, facts)];
      switch (tree.op) {
        case '<':
          return left < right;
        case '<=':
          return left <= right;
        case '>':
          return left > right;
        case '>=':
          return left >= right;
        default:
          return computed(tree.op, left, right);
      }
    }
  }
}

function computed(op: '+' | '-' | '*' | '/', left: number, right: number): number {
  const result =
    op === '+' ? left + right : op === '-' ? left - right : op === '*' ? left * right : left / right;
  if (Number.isFinite(result)) return result;
  throw new Undecided(
    op === '/' && right === 0 ? 'it divides by zero' : `${left} ${op} ${right} is too large`,
  );
}

function number(tree: Expression, facts: Facts): number {
  const value = valueOf(tree, facts);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new Undecided(`${described(tree, value)} where a number is needed`);
}

function truth(tree: Expression, facts: Facts): boolean {
  const value = valueOf(tree, facts);
  if (typeof value === 'boolean') return value;
  throw new Undecided(`${described(tree, value)} where true or false is needed`);
}

function same(left: Expression, right: Expression, facts: Facts): boolean {
  const [a, b] = [valueOf(left, facts), valueOf(right, facts)];
  if (typeof a === typeof b) return a === b;
  throw new Undecided(`${described(left, a)} and ${described(right, b)}: they cannot be compared`);
}

const described = (tree: Expression, value: Fact) =>
  `${tree.op === 'name' ? tree.name : 'a part'} is ${typeof value === 'string' ? quoted(value) : value}`;
