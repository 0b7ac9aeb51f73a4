import { BadInputError } from '../errors.ts';

const HOUR = 3600;
const WEEK = 7 * 24 * HOUR;

/** Seconds to add to UTC for local time, as steps: `offsets[i]` holds from `starts[i]` (seconds, UTC) on. */
export interface ZoneOffsets {
  starts: number[];
  offsets: number[];
}

/**
 * The zone's offsets between two moments, from the runtime's own time zone data. No zone has changed its clocks
 * twice within a week since 1970, so that a step of a week and a bisection find every change.
 */
export function zoneOffsets(timeZone: string, from: number, to: number): ZoneOffsets {
  const offsetAt = offsetReader(timeZone);
  const result: ZoneOffsets = { starts: [Number.NEGATIVE_INFINITY], offsets: [offsetAt(from)] };
  for (let time = from; time < to; time += WEEK) {
    const before = result.offsets.at(-1)!;
    if (offsetAt(time + WEEK) === before) continue;
    let [low, high] = [time, time + WEEK];
    while (high - low > 60) {
      const middle = Math.floor((low + high) / 120) * 60;
      if (offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    result.starts.push(high);
    result.offsets.push(offsetAt(high));
  }
  return result;
}

/** Formatters take a millisecond to make. */
const formats = new Map<string, Intl.DateTimeFormat>();

function offsetReader(timeZone: string): (seconds: number) => number {
  const format = formats.get(timeZone) ?? formatOf(timeZone);
  formats.set(timeZone, format);
  return (seconds) => {
    const minute = Math.floor(seconds / 60) * 60;
    const parts = Object.fromEntries(
      format.formatToParts(minute * 1000).map(({ type, value }) => [type, Number(value)]),
    ) as Record<'year' | 'month' | 'day' | 'hour' | 'minute', number>;
    const local = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute) / 1000;
    return local - minute;
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch (error) {
    throw new BadInputError(
      `There is no time zone ${timeZone}.`,
      'Give an IANA name such as America/Chicago.',
      { cause: error },
    );
  }
}
