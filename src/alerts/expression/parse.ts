import { quoted } from '../../errors.ts';
import {
  COMPARISONS,
  MOST_DEPTH,
  WORDS,
  type Arithmetic,
  type Comparison,
  type Connective,
  type Expression,
} from './expression.ts';
import { ExpressionError, tokensOf, type Token } from './tokens.ts';

/** What a part of a condition is; what a name stands for is only known with the facts. */
type Kind = 'number' | 'text' | 'truth' | 'any';

interface Part {
  tree: Expression;
  kind: Kind;
  /** Where it begins. */
  column: number;
}

/** Reads a condition; what is wrong is told by its column and what to write there. */
export function parseCondition(source: string): Expression {
  const { tree, kind, column } = new Parser(tokensOf(source)).whole();
  if (kind === 'number' || kind === 'text') {
    throw new ExpressionError(
      column,
      `the condition is a ${kind}, neither true nor false`,
      'Compare it with something, such as psi_score > 0.25.',
    );
  }
  return tree;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Part {
    const part = this.#connected('or');
    const { kind, text, column } = this.#next;
    if (kind === 'end') return part;
    if (text === ')')
      throw new ExpressionError(column, 'this ) closes nothing', 'Take it out, or open it with (.');
    throw new ExpressionError(
      column,
      `${shown(this.#next)} stands where and, or, or a sign is expected`,
      'Join two conditions with and, or with or.',
    );
  }

  get #next(): Token {
    return this.#tokens[this.#at]!;
  }

  #take(...texts: string[]): Token | undefined {
    const token = this.#next;
    if ((token.kind !== 'word' && token.kind !== 'sign') || !texts.includes(token.text)) return undefined;
    this.#at += 1;
    return token;
  }

  /** `and` binds closer than `or`. */
  #connected(op: Connective): Part {
    const operand = () => (op === 'or' ? this.#connected('and') : this.#negation());
    let left = operand();
    while (this.#take(op)) {
      const right = operand();
      for (const side of [left, right]) this.#require(side, 'truth', `${op} joins what is true or false`);
      left = { tree: { op, left: left.tree, right: right.tree }, kind: 'truth', column: left.column };
    }
    return left;
  }

  #negation(): Part {
    const sign = this.#take('not');
    if (!sign) return this.#comparison();
    const of = this.#within(sign, () => this.#negation());
    this.#require(of, 'truth', 'not turns what is true or false');
    return { tree: { op: 'not', of: of.tree }, kind: 'truth', column: sign.column };
  }

  #comparison(): Part {
    const left = this.#sum();
    const sign = this.#take(...COMPARISONS);
    if (!sign) return left;
    const op = sign.text as Comparison;
    const right = this.#sum();
    if (op === '==' || op === '!=') this.#requireAlike(left, right, sign);
    else {
      for (const side of [left, right]) {
        this.#require(side, 'number', `${op} compares numbers`, 'Compare texts with == or !=.');
      }
    }
    const again = this.#take(...COMPARISONS);
    if (again) {
      throw new ExpressionError(
        again.column,
        'a second comparison follows the first',
        'Write two joined with and: a < b and b < c.',
      );
    }
    return { tree: { op, left: left.tree, right: right.tree }, kind: 'truth', column: left.column };
  }

  #sum(): Part {
    return this.#chain(['+', '-'], () => this.#product());
  }

  #product(): Part {
    return this.#chain(['*', '/'], () => this.#signed());
  }

  #chain(signs: Arithmetic[], operand: () => Part): Part {
    let left = operand();
    for (let sign = this.#take(...signs); sign; sign = this.#take(...signs)) {
      const op = sign.text as Arithmetic;
      const right = operand();
      for (const side of [left, right]) this.#require(side, 'number', `${op} takes numbers`);
      left = { tree: { op, left: left.tree, right: right.tree }, kind: 'number', column: left.column };
    }
    return left;
  }

  #signed(): Part {
    const sign = this.#take('-');
    if (!sign) return this.#primary();
    const of = this.#within(sign, () => this.#signed());
    this.#require(of, 'number', 'a minus turns numbers');
    return { tree: { op: 'negate', of: of.tree }, kind: 'number', column: sign.column };
  }

  #primary(): Part {
    const token = this.#next;
    const { kind, text, column } = token;
    const open = this.#take('(');
    if (open) {
      const inner = this.#within(open, () => this.#connected('or'));
      if (this.#take(')')) return { ...inner, column };
      throw new ExpressionError(
        this.#next.column,
        `the ( of column ${column} is not closed before ${shown(this.#next)}`,
        'Close it with ).',
      );
    }
    this.#at += 1;
    if (kind === 'number') return { tree: { op: 'number', value: Number(text) }, kind, column };
    if (kind === 'text') return { tree: { op: 'text', value: text }, kind, column };
    if (kind === 'word' && (text === 'true' || text === 'false'))
      return { tree: { op: 'truth', value: text === 'true' }, kind: 'truth', column };
    if (kind === 'word' && !WORDS.has(text)) return { tree: { op: 'name', name: text }, kind: 'any', column };
    throw new ExpressionError(
      column,
      `${shown(token)} stands where a name, a number or a text is expected`,
      kind === 'end' ? 'Finish the condition.' : 'Give one there.',
    );
  }

  #within<T>({ column }: Token, work: () => T): T {
    this.#depth += 1;
    if (this.#depth > MOST_DEPTH) {
      throw new ExpressionError(
        column,
        `more than ${MOST_DEPTH} parentheses or signs stand within each other`,
        'Make two rules of it.',
      );
    }
    const result = work();
    this.#depth -= 1;
    return result;
  }

  #require({ kind, column }: Part, wanted: Kind, rule: string, cure = CURES[wanted]): void {
    if (kind === wanted || kind === 'any') return;
    throw new ExpressionError(
      column,
      `${rule}, and this is a ${kind === 'truth' ? 'comparison' : kind}`,
      cure,
    );
  }

  #requireAlike(left: Part, right: Part, sign: Token): void {
    if (left.kind === right.kind || left.kind === 'any' || right.kind === 'any') return;
    throw new ExpressionError(
      sign.column,
      `a ${left.kind} can never be equal to a ${right.kind}`,
      'Compare two numbers, or two texts.',
    );
  }
}

const CURES: Record<Kind, string> = {
  number: 'Give a number or a name; parentheses say what belongs together.',
  truth: 'Compare it with something, such as psi_score > 0.25.',
  text: 'Give a text in quotes.',
  any: '',
};

const shown = ({ kind, text }: Token) => (kind === 'end' ? 'the end' : quoted(text));
