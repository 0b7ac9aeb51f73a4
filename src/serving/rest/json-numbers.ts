import type { JsonCursor } from './json-cursor.ts';

/** Powers of ten that a double holds exactly. */
export const POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));
/** A mantissa below this takes one more digit and stays a whole number that a double holds exactly. */
export const ROOM_FOR_A_DIGIT = 900_719_925_474_099;

/** What was read last: a number with `.` or an exponent is none of an integer type, even where its value is whole. */
export const lastNumber = { integral: true };

/**
 * The number here, and steps over it. Up to 15 digits and powers of ten up to 22 are two exact doubles whose quotient
 * or product is rounded once, as it must be (Clinger, "How to read floating point numbers accurately", 1990); of
 * longer ones the first digits bound it from below and above. Where only a float32 is wanted (`single`) and both
 * bounds round to the same one, that is it. The rest, one in millions, is left to the engine.
 */
export function readNumber(cursor: JsonCursor, single: boolean): number {
  const { bytes } = cursor;
  const from = cursor.at;
  let at = from;
  let letter = bytes[at]!;
  const negative = letter === 0x2d;
  if (negative) letter = bytes[++at]!;
  let mantissa = 0;
  let power = 0;
  let dropped = false;
  let integral = true;

  let digit = letter - 48;
  if (digit === 0) {
    letter = bytes[++at]!;
  } else if (digit >= 1 && digit <= 9) {
    do {
      if (mantissa < ROOM_FOR_A_DIGIT) mantissa = mantissa * 10 + digit;
      else {
        power += 1;
        dropped ||= digit !== 0;
      }
      letter = bytes[++at]!;
      digit = letter - 48;
    } while (digit >= 0 && digit <= 9);
  } else return wordNumber(cursor, at, negative);

  if (letter === 0x2e) {
    integral = false;
    letter = bytes[++at]!;
    digit = letter - 48;
    if (!(digit >= 0 && digit <= 9)) throw cursor.error('Miss fraction part in number.', at);
    do {
      if (mantissa < ROOM_FOR_A_DIGIT) {
        mantissa = mantissa * 10 + digit;
        power -= 1;
      } else dropped ||= digit !== 0;
      letter = bytes[++at]!;
      digit = letter - 48;
    } while (digit >= 0 && digit <= 9);
  }
  if (letter === 0x65 || letter === 0x45) {
    integral = false;
    letter = bytes[++at]!;
    const downwards = letter === 0x2d;
    if (downwards || letter === 0x2b) letter = bytes[++at]!;
    digit = letter - 48;
    if (!(digit >= 0 && digit <= 9)) throw cursor.error('Miss exponent in number.', at);
    let exponent = 0;
    do {
      if (exponent < 100_000) exponent = exponent * 10 + digit;
      digit = bytes[++at]! - 48;
    } while (digit >= 0 && digit <= 9);
    power += downwards ? -exponent : exponent;
  }
  cursor.at = at;
  lastNumber.integral = integral;

  if (power >= -22 && power <= 22) {
    const value = power < 0 ? mantissa / POWERS[-power]! : mantissa * POWERS[power]!;
    if (!dropped) return negative ? -value : value;
    if (single) {
      const above = power < 0 ? (mantissa + 1) / POWERS[-power]! : (mantissa + 1) * POWERS[power]!;
      if (Math.fround(value) === Math.fround(above)) return negative ? -value : value;
    }
  }
  const value = Number(bytes.toString('latin1', from, at));
  if (!Number.isFinite(value)) throw cursor.error('Number too big to be stored in double.', from);
  return value;
}

/** NaN and Infinity, which TensorFlow Serving takes though JSON has no name for them. */
function wordNumber(cursor: JsonCursor, at: number, negative: boolean): number {
  const { bytes } = cursor;
  lastNumber.integral = false;
  for (const [word, value] of WORDS) {
    if (bytes.toString('latin1', at, at + word.length) !== word) continue;
    cursor.at = at + word.length;
    return negative ? -value : value;
  }
  throw cursor.error('Invalid value.', at);
}

const WORDS = [
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['Inf', Number.POSITIVE_INFINITY],
] as const;
