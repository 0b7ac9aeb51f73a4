import { BadInputError } from '../errors.ts';

/** Times of rows, in seconds since 1970 UTC, and the steps between them. */

const UNITS = { s: 1, min: 60, h: 3600, d: 86_400, w: 604_800 } as const;
type Unit = keyof typeof UNITS;

export const HOUR_SECONDS = UNITS.h;
export const DAY_SECONDS = UNITS.d;

/** `15min` as seconds. */
export function secondsOf(frequency: string): number {
  const [, count, unit] = /^([1-9]\d*)(s|min|h|d|w)$/.exec(frequency)!;
  return Number(count) * UNITS[unit as Unit];
}

/** 900 as `15min`: in the largest unit that it is a whole number of. */
export function spellFrequency(seconds: number): string {
  const unit = (Object.keys(UNITS) as Unit[]).findLast((name) => seconds % UNITS[name] === 0)!;
  return `${seconds / UNITS[unit]}${unit}`;
}

/** `2018-01-01T00:15:00Z`. */
export const spellTime = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

const TIME =
  /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.0+)?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i;

/** Undefined where the text is no such time; `zoned` says whether it names its zone. */
export function parseTime(text: string): { seconds: number; zoned: boolean } | undefined {
  const match = TIME.exec(text.trim());
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const millis = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(millis);
  // Date.UTC takes 31 February for 2 March, and 24:00 for the next day's midnight; only the latter is meant so.
  const isDate = date.getUTCMonth() === month - 1 || (hour === 24 && minute === 0);
  if (Number.isNaN(millis) || !isDate || hour > 24 || minute > 59 || second > 59 || month > 12)
    return undefined;
  const zone = match[7];
  const offset = offsetOf(zone);
  if (offset === undefined) return undefined;
  return { seconds: millis / 1000 - offset, zoned: zone !== undefined };
}

/** No place on Earth keeps a time further from UTC. */
const LARGEST_OFFSET = 14 * UNITS.h;

function offsetOf(zone: string | undefined): number | undefined {
  if (zone === undefined || /^(Z|UTC)$/i.test(zone)) return 0;
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)!;
  const offset = Number(hours) * UNITS.h + Number(minutes) * UNITS.min;
  if (Number(minutes) > 59 || offset > LARGEST_OFFSET) return undefined;
  return sign === '-' ? -offset : offset;
}

const CURE =
  'Write times as 2018-01-31 13:45:00 or 2018-01-31T13:45:00Z; what names no zone is taken as UTC.';

/** All times of a column; refused by the row's number in the file when one is no time or unlike the others. */
export function parseTimes(
  texts: readonly string[],
  lineOf: (row: number) => number,
  column: string,
): { seconds: Float64Array; zoned: boolean } {
  const seconds = new Float64Array(texts.length);
  let zoned: boolean | undefined;
  for (const [row, text] of texts.entries()) {
    const time = parseTime(text);
    if (!time) {
      throw new BadInputError(`Row ${lineOf(row)}: "${text}" in column ${column} is not a time.`, CURE);
    }
    zoned ??= time.zoned;
    if (time.zoned !== zoned) {
      throw new BadInputError(
        `Row ${lineOf(row)}: ${text} names ${time.zoned ? 'its' : 'no'} zone, the rows before it do${zoned ? '' : ' not'}.`,
        'Write all times alike, best in UTC.',
      );
    }
    seconds[row] = time.seconds;
  }
  return { seconds, zoned: zoned ?? false };
}
