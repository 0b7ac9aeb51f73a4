import type { JsonCursor } from './json-cursor.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What the letter after a backslash stands for; `u` is read apart. */
const ESCAPED: Record<string, number | undefined> = {
  ...{ '"': 0x22, '\\': 0x5c, '/': 0x2f, b: 0x08, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09 },
};

/** The bytes of the string whose opening quote is next, and steps over it. */
export function readString(cursor: JsonCursor): Buffer {
  const { bytes } = cursor;
  const from = cursor.at + 1;
  for (let at = from; at < bytes.length; at++) {
    const letter = bytes[at]!;
    if (letter === QUOTE) {
      cursor.at = at + 1;
      return bytes.subarray(from, at);
    }
    if (letter === BACKSLASH) return withEscapes(cursor, from, at);
    if (letter < 0x20) throw cursor.error('Invalid encoding in string.', at);
  }
  throw cursor.error('Missing a closing quotation mark in string.', bytes.length);
}

/** Escapes are never shorter than what they stand for, so the text's own length is room enough. */
function withEscapes(cursor: JsonCursor, from: number, firstEscape: number): Buffer {
  const { bytes } = cursor;
  const end = endOf(cursor, firstEscape);
  const out = Buffer.allocUnsafe(end - from);
  let length = bytes.copy(out, 0, from, firstEscape);
  let at = firstEscape;
  while (at < end) {
    const letter = bytes[at]!;
    if (letter !== BACKSLASH) {
      if (letter < 0x20) throw cursor.error('Invalid encoding in string.', at);
      out[length++] = letter;
      at += 1;
      continue;
    }
    const kind = String.fromCharCode(bytes[at + 1]!);
    if (kind === 'u') {
      const [text, after] = codePoint(cursor, at);
      length += out.write(text, length, 'utf8');
      at = after;
      continue;
    }
    const plain = ESCAPED[kind];
    if (plain === undefined) throw cursor.error('Invalid escape character in string.', at);
    out[length++] = plain;
    at += 2;
  }
  cursor.at = end + 1;
  return out.subarray(0, length);
}

/** Where the closing quote stands. */
function endOf(cursor: JsonCursor, from: number): number {
  const { bytes } = cursor;
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] === QUOTE) return at;
  }
  throw cursor.error('Missing a closing quotation mark in string.', bytes.length);
}

/** `\uD83D\uDE00` and its like: what it is, and where the text goes on. */
function codePoint(cursor: JsonCursor, at: number): [text: string, after: number] {
  const first = hex(cursor, at + 2);
  if (first < 0xd800 || first > 0xdfff) return [String.fromCharCode(first), at + 6];
  const { bytes } = cursor;
  const pair = first < 0xdc00 && bytes[at + 6] === BACKSLASH && bytes[at + 7] === 0x75;
  const second = pair ? hex(cursor, at + 8) : 0;
  if (second < 0xdc00 || second > 0xdfff) throw cursor.error('The surrogate pair in string is invalid.', at);
  return [String.fromCharCode(first, second), at + 12];
}

function hex(cursor: JsonCursor, at: number): number {
  const digits = cursor.bytes.toString('latin1', at, at + 4);
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
    throw cursor.error('Incorrect hex digit after \\u escape in string.', at);
  }
  return Number.parseInt(digits, 16);
}
