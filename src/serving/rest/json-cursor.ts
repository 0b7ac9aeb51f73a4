import { invalidArgument, type ServingProblem } from '../problem.ts';
import { readString } from './json-strings.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What a value is by its first letter, in the words of TensorFlow Serving's errors. */
export type JsonType = 'Null' | 'False' | 'True' | 'Object' | 'Array' | 'String' | 'Number';

/**
 * Walks over the bytes of a JSON text. It builds nothing by itself: whoever walks knows what should stand there and
 * puts it where it belongs. Takes NaN and Infinity and ignores what follows the text, as TensorFlow Serving does;
 * its errors are worded as there.
 */
export class JsonCursor {
  readonly bytes: Buffer;
  readonly deepest: number;
  at = 0;
  #depth = 0;

  constructor(bytes: Buffer, deepest: number) {
    this.bytes = bytes;
    this.deepest = deepest;
  }

  /** The next letter that is no space, or −1 at the end; stays before it. */
  peek(): number {
    const { bytes } = this;
    let { at } = this;
    while (at < bytes.length) {
      const letter = bytes[at]!;
      if (letter !== 0x20 && letter !== 0x0a && letter !== 0x0d && letter !== 0x09) {
        this.at = at;
        return letter;
      }
      at += 1;
    }
    this.at = at;
    return -1;
  }

  type(): JsonType {
    switch (this.peek()) {
      case QUOTE:
        return 'String';
      case OPEN_LIST:
        return 'Array';
      case OPEN_OBJECT:
        return 'Object';
      case 0x74:
        return 'True';
      case 0x66:
        return 'False';
      case 0x6e:
        return 'Null';
      default:
        return 'Number';
    }
  }

  /** Calls `item` before each value of a list, which must step over it; returns how many there were. */
  list(item: (index: number) => void): number {
    this.open();
    let count = 0;
    if (this.peek() === CLOSE_LIST) this.at += 1;
    else {
      for (;;) {
        item(count);
        count += 1;
        const letter = this.peek();
        this.at += 1;
        if (letter === COMMA) continue;
        if (letter === CLOSE_LIST) break;
        throw this.error('Missing a comma or ] after an array element.', this.at - 1);
      }
    }
    this.close();
    return count;
  }

  /** Calls `member` before each value of an object, which must step over it. */
  object(member: (key: string) => void): void {
    this.open();
    if (this.peek() === CLOSE_OBJECT) this.at += 1;
    else {
      for (;;) {
        if (this.peek() !== QUOTE) throw this.error('Missing a name for object member.');
        const key = this.string().toString('utf8');
        if (this.peek() !== COLON) throw this.error('Missing a colon after a name of object member.');
        this.at += 1;
        member(key);
        const letter = this.peek();
        this.at += 1;
        if (letter === COMMA) continue;
        if (letter === CLOSE_OBJECT) break;
        throw this.error('Missing a comma or } after an object member.', this.at - 1);
      }
    }
    this.close();
  }

  /** The bytes of the string here; a view of the text where nothing in it is escaped. */
  string(): Buffer {
    if (this.peek() !== QUOTE) throw this.error('Invalid value.');
    return readString(this);
  }

  /** `true`, `false` and `null`. */
  word(): boolean | null {
    const words = { 0x74: 'true', 0x66: 'false', 0x6e: 'null' } as Record<number, string | undefined>;
    const word = words[this.peek()];
    if (!word || this.bytes.toString('latin1', this.at, this.at + word.length) !== word) {
      throw this.error('Invalid value.');
    }
    this.at += word.length;
    return word === 'null' ? null : word === 'true';
  }

  /** The bytes of `{"b64": "…"}` where that and nothing else is the object here; else undefined, and stays. */
  encodedBytes(): Buffer | undefined {
    const from = this.at;
    if (this.peek() !== OPEN_OBJECT) return undefined;
    this.at += 1;
    if (this.peek() === QUOTE && this.string().toString('utf8') === 'b64' && this.peek() === COLON) {
      this.at += 1;
      if (this.peek() === QUOTE) {
        const text = this.string();
        if (this.peek() === CLOSE_OBJECT) {
          this.at += 1;
          return fromBase64(text);
        }
      }
    }
    this.at = from;
    return undefined;
  }

  error(what: string, at = this.at): ServingProblem {
    return invalidArgument(`JSON Parse error: ${what} at offset: ${at}`);
  }

  /** Steps over the bracket here, into what it opens. */
  open(): void {
    this.at += 1;
    this.#depth += 1;
    if (this.#depth > this.deepest) {
      throw this.error(`Nested deeper than the ${this.deepest} levels that are taken.`);
    }
  }

  /** The bracket that closes has been stepped over. */
  close(): void {
    this.#depth -= 1;
  }
}

/** Checked by hand: `Buffer.from` drops what is no base64 without a word. */
function fromBase64(text: Buffer): Buffer {
  const letters = text.toString('latin1');
  if (!/^[A-Za-z0-9+/\s]*(=\s*){0,2}$/.test(letters)) throw invalidArgument('Unable to base64 decode');
  const bytes = Buffer.from(letters, 'base64');
  // A single letter over holds six bits: no byte.
  if (letters.replaceAll(/[\s=]/g, '').length % 4 === 1) throw invalidArgument('Unable to base64 decode');
  return bytes;
}
