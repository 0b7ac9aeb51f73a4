import { BadInputError, quoted } from '../../errors.ts';

export interface Token {
  kind: 'name' | 'text' | 'number' | 'mark' | 'end';
  /** Of a text: what it says. */
  value: string;
  line: number;
}

const WORDS = [
  ['space', /[\s]+|#[^\n]*/y],
  ['name', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['number', /[-+]?(?:0[xX][0-9a-fA-F]+|[0-9][0-9a-zA-Z.+-]*)/y],
  ['text', /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y],
  ['mark', /[{}<>[\]:,;]/y],
] as const;

/**
 * The words of a text in the text format of Protocol Buffers (protobuf.dev/reference/protobuf/textformat-spec).
 * @throws BadInputError with the line
 */
export function tokensOf(text: string, path: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (let at = 0; at < text.length;) {
    const [kind, word] = wordAt(text, at) ?? [];
    if (kind === undefined || word === undefined) {
      const isText = text[at] === '"' || text[at] === "'";
      throw new BadInputError(
        isText
          ? `${path}:${line}: a text has no end.`
          : `${path}:${line}: ${quoted(text[at]!)} has no meaning here.`,
        isText ? 'Close it on its line with the quote that opens it.' : 'Take it out.',
      );
    }
    if (kind === 'text') tokens.push({ kind, value: unescaped(word, path, line), line });
    else if (kind !== 'space') tokens.push({ kind, value: word, line });
    line += word.split('\n').length - 1;
    at += word.length;
  }
  return [...tokens, { kind: 'end', value: 'the end of the file', line }];
}

function wordAt(text: string, at: number): [kind: Token['kind'] | 'space', word: string] | undefined {
  for (const [kind, pattern] of WORDS) {
    pattern.lastIndex = at;
    const word = pattern.exec(text)?.[0];
    if (word !== undefined) return [kind, word];
  }
  return undefined;
}

const ESCAPED: Record<string, string | undefined> = {
  ...{ n: '\n', r: '\r', t: '\t', '"': '"', "'": "'", '\\': '\\', '?': '?' },
};

function unescaped(word: string, path: string, line: number): string {
  return word.slice(1, -1).replaceAll(/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)/g, (whole, escape: string) => {
    if (/^x./.test(escape)) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    if (/^[0-7]/.test(escape)) return String.fromCharCode(Number.parseInt(escape, 8));
    const plain = ESCAPED[escape];
    if (plain !== undefined) return plain;
    throw new BadInputError(
      `${path}:${line}: ${quoted(whole)} is no escape.`,
      'A backslash is written as two.',
    );
  });
}
