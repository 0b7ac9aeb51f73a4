import type { JsonCursor } from './json-cursor.ts';
import { POWERS, ROOM_FOR_A_DIGIT } from './json-numbers.ts';
import type { Scratch } from './scratch.ts';

const SPACE = 0x20;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const CLOSE_LIST = 0x5d;

/**
 * The decimals of a list that follow each other from here, as many as are plain: no exponent, no word, nothing wrong.
 * Most of a request is such runs, so this one loop keeps all it needs in variables; the rules are `readNumber`'s.
 * True: steps over the bracket that closes. False: stays before the first value that it leaves to `readNumber`, which
 * also says what is wrong with it.
 */
export function readRun(cursor: JsonCursor, single: boolean, scratch: Scratch): boolean {
  const { bytes } = cursor;
  let { at } = cursor;
  for (;;) {
    let letter = bytes[at]!;
    const negative = letter === MINUS;
    if (negative) letter = bytes[++at]!;
    let mantissa = letter - 48;
    if (!(mantissa >= 0 && mantissa <= 9)) break;
    let dropped = false;
    let power = 0;
    letter = bytes[++at]!;
    let digit = letter - 48;
    if (digit >= 0 && digit <= 9) {
      if (mantissa === 0) break;
      do {
        if (mantissa >= ROOM_FOR_A_DIGIT) break;
        mantissa = mantissa * 10 + digit;
        letter = bytes[++at]!;
        digit = letter - 48;
      } while (digit >= 0 && digit <= 9);
    }
    if (letter === POINT) {
      letter = bytes[++at]!;
      digit = letter - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      do {
        if (mantissa < ROOM_FOR_A_DIGIT) {
          mantissa = mantissa * 10 + digit;
          power += 1;
        } else dropped ||= digit !== 0;
        letter = bytes[++at]!;
        digit = letter - 48;
      } while (digit >= 0 && digit <= 9);
    }
    if (power > 22) break;
    let value = mantissa / POWERS[power]!;
    if (dropped && (!single || Math.fround(value) !== Math.fround((mantissa + 1) / POWERS[power]!))) break;
    if (negative) value = -value;

    if (letter === COMMA) {
      at += 1;
      if (bytes[at] === SPACE) at += 1;
      scratch.push(value);
      cursor.at = at;
      continue;
    }
    if (letter === CLOSE_LIST) {
      scratch.push(value);
      cursor.at = at + 1;
      return true;
    }
    break;
  }
  return false;
}
