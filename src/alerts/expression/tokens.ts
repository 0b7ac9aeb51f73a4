import { BadInputError, quoted } from '../../errors.ts';
import { MOST_LETTERS } from './expression.ts';

export interface Token {
  kind: 'number' | 'text' | 'word' | 'sign' | 'end';
  /** As it was written; of a text, what it means. */
  text: string;
  /** From 1. */
  column: number;
}

/** A condition that cannot be read, by the column where that shows. */
export class ExpressionError extends BadInputError {
  readonly column: number;

  constructor(column: number, what: string, cure: string) {
    super(`Column ${column}: ${what}.`, cure);
    this.column = column;
  }
}

const SPACE = /[ \t]+/y;
const NUMBER = /(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const SIGN = /<=|>=|==|!=|[-+*/<>()]/y;
const QUOTE = /['"]/;

/** What people type out of habit from elsewhere, and what it is here. */
const FOREIGN: Record<string, string> = {
  '=': 'Write == to compare.',
  '&': 'Write `and`.',
  '|': 'Write `or`.',
  '!': 'Write `not`, or != for unequal.',
  '≤': 'Write <=.',
  '≥': 'Write >=.',
  '≠': 'Write !=.',
  '−': 'Write the minus of the keyboard, -.',
  '×': 'Write *.',
  '%': 'Write a share, such as 0.05 for five percent.',
};

export function tokensOf(source: string): Token[] {
  if (source.length > MOST_LETTERS) {
    throw new ExpressionError(
      MOST_LETTERS + 1,
      `the condition has ${source.length} letters, more than ${MOST_LETTERS}`,
      'Make two rules of it.',
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  while (at < source.length) {
    const column = at + 1;
    const space = match(SPACE);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    if (QUOTE.test(source[at]!)) {
      const { text, end } = textAt(source, at);
      tokens.push({ kind: 'text', text, column });
      at = end;
      continue;
    }
    const number = match(NUMBER);
    const found = number ?? match(WORD) ?? match(SIGN);
    if (found === undefined) {
      const letter = String.fromCodePoint(source.codePointAt(at)!);
      throw new ExpressionError(
        column,
        `${quoted(letter)} means nothing in a condition`,
        FOREIGN[letter] ?? 'Use names, numbers, quoted text, + - * /, comparisons, and, or, not, ( ).',
      );
    }
    if (number !== undefined && !Number.isFinite(Number(number))) {
      throw new ExpressionError(column, `${quoted(number)} is too large for a number`, 'Give a smaller one.');
    }
    const kind = number !== undefined ? 'number' : /^\w/.test(found) ? 'word' : 'sign';
    tokens.push({ kind, text: found, column });
    at += found.length;
  }
  tokens.push({ kind: 'end', text: '', column: source.length + 1 });
  return tokens;
}

/** A quoted text; a backslash stands before a quote or a backslash that belongs to it. */
function textAt(source: string, start: number): { text: string; end: number } {
  const quote = source[start];
  let text = '';
  for (let at = start + 1; at < source.length; at += 1) {
    const letter = source[at]!;
    if (letter === quote) return { text, end: at + 1 };
    if (letter === '\\') {
      at += 1;
      if (source[at] !== '\\' && source[at] !== "'" && source[at] !== '"') {
        throw new ExpressionError(
          at,
          'a backslash stands before nothing that needs it',
          'Write \\\\ for one.',
        );
      }
    } else if (letter === '\n' || letter === '\r') {
      throw new ExpressionError(at + 1, 'the text in quotes is broken into lines', 'Keep it in one line.');
    }
    text += source[at];
  }
  throw new ExpressionError(start + 1, 'the text that begins here never ends', `End it with ${quote}.`);
}
