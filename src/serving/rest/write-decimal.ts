import type { ByteWriter } from './byte-writer.ts';

/** `10 ** i`, exact. */
const POWERS = Float64Array.from({ length: 13 }, (_, power) => Number(`1e${power}`));
const LONGEST = 32;
const ZERO = 48;

/**
 * A float as TensorFlow Serving writes it: six digits where they lead back to the same float, else nine (17 of a
 * double), without zeros at the end, with an exponent where printf's %g has one, and `.0` where it would look whole.
 */
export function writeDecimal(writer: ByteWriter, value: number, single: boolean): void {
  if (single && writePlain(writer, value)) return;
  writer.ascii(decimalText(value, single));
}

/**
 * Floats from 1e-4 to below 1e6, which most are. Their 24 bits times a power of ten up to 1e12 (28 bits, for 5**12)
 * fit a double's 53, so the digits come out of exact whole numbers.
 */
function writePlain(writer: ByteWriter, value: number): boolean {
  const size = Math.abs(value);
  if (!(size >= 1e-4 && size < 1e6)) return false;
  // Of its first digit, as a power of ten.
  let first = size >= 1 ? 0 : -1;
  if (size >= 1) while (size >= POWERS[first + 1]!) first += 1;
  else while (size * POWERS[-first]! < 1) first -= 1;
  const scaled = size * POWERS[8 - first]!; // [1e8, 1e9)
  let digits = Math.floor(scaled / 1000);
  digits = halfEven(digits, scaled - digits * 1000, 500);
  let places = 5 - first;
  if (digits >= 1e6) return false;
  if (Math.fround(digits / POWERS[places]!) !== size) {
    digits = Math.floor(scaled);
    digits = halfEven(digits, scaled - digits, 0.5);
    places = 8 - first;
    if (digits >= 1e9) return false;
  }
  // What stands before the point and after it; both are far below 2**31, where whole numbers are quick.
  let whole = digits | 0;
  let rest = 0;
  if (places === 0) places = 1;
  else {
    whole = (digits / POWERS[places]!) | 0;
    rest = (digits - whole * POWERS[places]!) | 0;
    while (places > 1 && rest % 10 === 0) {
      rest = (rest / 10) | 0;
      places -= 1;
    }
  }
  writer.reserve(LONGEST);
  const { bytes } = writer;
  if (value < 0) bytes[writer.at++] = 0x2d;
  writeWhole(writer, whole);
  bytes[writer.at++] = 0x2e;
  for (let at = writer.at + places - 1; at >= writer.at; at--) {
    const next = (rest / 10) | 0;
    bytes[at] = ZERO + rest - next * 10;
    rest = next;
  }
  writer.at += places;
  return true;
}

function halfEven(floor: number, rest: number, half: number): number {
  if (rest === half) return floor + (floor & 1);
  return rest > half ? floor + 1 : floor;
}

/** A whole number from 0 to 1e6. */
function writeWhole(writer: ByteWriter, value: number): void {
  let length = 1;
  while (value >= POWERS[length]!) length += 1;
  let rest = value;
  for (let at = writer.at + length - 1; at >= writer.at; at--) {
    const next = (rest / 10) | 0;
    writer.bytes[at] = ZERO + rest - next * 10;
    rest = next;
  }
  writer.at += length;
}

/** Any float; exported to be held against the quick way. */
export function decimalText(value: number, single: boolean): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Infinity' : 'Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const short = general(value, 6);
  const back = single ? Math.fround(Number(short)) : Number(short);
  const text = back === value ? short : general(value, single ? 9 : 17);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** printf's `%.*g`. */
function general(value: number, precision: number): string {
  const [mantissa, exponent] = value.toExponential(precision - 1).split('e') as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < precision) {
    return withoutZeros(value.toFixed(Math.min(100, precision - 1 - power)));
  }
  const sign = power < 0 ? '-' : '+';
  return `${withoutZeros(mantissa)}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
}

const withoutZeros = (text: string): string =>
  text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
