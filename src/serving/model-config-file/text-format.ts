import { BadInputError, quoted } from '../../errors.ts';
import type { FieldSchema, MessageSchema } from './schema.ts';
import { type Token, tokensOf } from './tokens.ts';

const CLOSES: Record<string, string | undefined> = { '{': '}', '<': '>' };

/**
 * A message of a known schema in the text format of Protocol Buffers.
 * @throws BadInputError that names the line, what is wrong with it and what to do
 */
export function parseText(text: string, schema: MessageSchema, path: string): Record<string, unknown> {
  return new Parser(text, path).message(schema, 'end');
}

class Parser {
  readonly #tokens: Token[];
  readonly #path: string;
  #at = 0;

  constructor(text: string, path: string) {
    this.#tokens = tokensOf(text, path);
    this.#path = path;
  }

  /** Up to the bracket that closes it, and over that. */
  message(schema: MessageSchema, close: string): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    const chosen = new Map<string, string>();
    for (;;) {
      const token = this.#next();
      if (close === 'end' ? token.kind === 'end' : token.kind === 'mark' && token.value === close)
        return values;
      if (token.kind !== 'name') {
        const until = close === 'end' ? '' : ` or \`${close}\``;
        throw this.#wrong(
          token,
          `${shown(token)} stands where a field${until} of ${schema.name} should.`,
          fieldsOf(schema),
        );
      }
      const field = Object.hasOwn(schema.fields, token.value) ? schema.fields[token.value] : undefined;
      if (!field)
        throw this.#wrong(token, `${schema.name} has no field ${quoted(token.value)}.`, fieldsOf(schema));
      if (field.kind === 'refused') throw this.#wrong(token, `${token.value} is not taken.`, field.because);
      if ('choice' in field && field.choice !== undefined) {
        const before = chosen.get(field.choice);
        if (before !== undefined) {
          throw this.#wrong(token, `${schema.name} has ${before} and ${token.value}.`, 'Choose one of them.');
        }
        chosen.set(field.choice, token.value);
      }
      this.#field(values, token, field);
      if (this.#isMark(',') || this.#isMark(';')) this.#at += 1;
    }
  }

  #field(
    values: Record<string, unknown>,
    name: Token,
    field: Exclude<FieldSchema, { kind: 'refused' }>,
  ): void {
    const isMessage = field.kind === 'message' || field.kind === 'messages' || field.kind === 'labels';
    if (this.#isMark(':')) this.#at += 1;
    else if (!isMessage) {
      throw this.#wrong(name, `${name.value} has no value.`, `Write ${name.value}: and the value.`);
    }
    const many = field.kind === 'messages' || field.kind === 'integers' || field.kind === 'labels';
    if (!many && values[name.value] !== undefined) {
      throw this.#wrong(name, `${name.value} is given twice.`, 'Keep one of them.');
    }
    if (!(many && this.#isMark('['))) {
      this.#put(values, name, field);
      return;
    }
    this.#at += 1;
    if (this.#isMark(']')) this.#at += 1;
    else {
      for (;;) {
        this.#put(values, name, field);
        const mark = this.#next();
        if (mark.value === ']') return;
        if (mark.value !== ',')
          throw this.#wrong(mark, `${shown(mark)} stands within a list.`, 'Separate by commas.');
      }
    }
  }

  #put(values: Record<string, unknown>, name: Token, field: Exclude<FieldSchema, { kind: 'refused' }>): void {
    const key = name.value;
    switch (field.kind) {
      case 'text':
        values[key] = this.#text(name);
        break;
      case 'integer':
        values[key] = this.#integer(name);
        break;
      case 'integers':
        values[key] = [...((values[key] as number[] | undefined) ?? []), this.#integer(name)];
        break;
      case 'message':
        values[key] = this.message(field.of, this.#opened(name));
        break;
      case 'messages':
        values[key] = [
          ...((values[key] as object[] | undefined) ?? []),
          this.message(field.of, this.#opened(name)),
        ];
        break;
      case 'labels': {
        const { key: label, value } = this.message(LABEL, this.#opened(name)) as {
          key?: string;
          value?: number;
        };
        const labels = (values[key] as Record<string, number> | undefined) ?? {};
        if (label === undefined || value === undefined) {
          throw this.#wrong(
            name,
            `A label has no ${label === undefined ? 'key' : 'value'}.`,
            'Write { key: "stable" value: 1 }.',
          );
        }
        if (Object.hasOwn(labels, label)) {
          throw this.#wrong(name, `The label ${quoted(label)} is given twice.`, 'Keep one of them.');
        }
        values[key] = { ...labels, [label]: value };
      }
    }
  }

  /** The mark that closes what opens here. */
  #opened(name: Token): string {
    const token = this.#next();
    const close = token.kind === 'mark' ? CLOSES[token.value] : undefined;
    if (close !== undefined) return close;
    throw this.#wrong(token, `${name.value} is followed by ${shown(token)}.`, `Write ${name.value} { … }.`);
  }

  /** Texts that follow each other are one. */
  #text(name: Token): string {
    let text: string | undefined;
    while (this.#tokens[this.#at]!.kind === 'text') text = (text ?? '') + this.#next().value;
    if (text !== undefined) return text;
    throw this.#wrong(this.#next(), `${name.value} is no text.`, 'Write it in quotes.');
  }

  #integer(name: Token): number {
    const token = this.#next();
    const value = token.kind === 'number' ? Number(token.value) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw this.#wrong(token, `${name.value} is ${shown(token)}.`, 'It is a whole number from 0 on.');
  }

  #isMark(mark: string): boolean {
    const { kind, value } = this.#tokens[this.#at]!;
    return kind === 'mark' && value === mark;
  }

  /** The last, which is the end, is never stepped over. */
  #next(): Token {
    const token = this.#tokens[this.#at]!;
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  #wrong({ line }: Token, what: string, cure: string): BadInputError {
    return new BadInputError(`${this.#path}:${line}: ${what}`, cure);
  }
}

const LABEL: MessageSchema = {
  name: 'a label',
  fields: { key: { kind: 'text' }, value: { kind: 'integer' } },
};

const shown = ({ kind, value }: Token) => (kind === 'end' ? value : quoted(value));

const fieldsOf = ({ fields, name }: MessageSchema) => {
  const known = Object.keys(fields).filter((field) => fields[field]!.kind !== 'refused');
  return known.length > 0 ? `Fields of ${name}: ${known.join(', ')}.` : `${name} has no fields.`;
};
