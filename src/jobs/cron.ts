import { DateTime, IANAZone } from 'luxon';
import { BadInputError, quoted } from '../errors.ts';

/** The moments that an expression names, by the wall clock of its time zone. Sunday is 0. */
export interface Cron {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  daysOfMonth: ReadonlySet<number>;
  months: ReadonlySet<number>;
  daysOfWeek: ReadonlySet<number>;
}

interface Field {
  name: string;
  least: number;
  most: number;
  words?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of the month', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12, words: MONTHS },
  // 7 is Sunday, too.
  { name: 'day of the week', least: 0, most: 7, words: DAYS },
] as const satisfies Field[];

/** Between two 29 February there may be eight years. */
const LONGEST_WAIT_DAYS = 8 * 366 + 2;
/** Every change of a clock since 1972 fell on a quarter of an hour of UTC. */
const QUARTER_MS = 15 * 60_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR_DAYS = 366;
/** No clock changes by more, but where a zone moves over the date line. */
const MARGIN_MS = 2 * HOUR_MS;

/**
 * Reads five fields as Temporal does, and refuses what means different things to different readers: where both the day
 * of the month and the day of the week are restricted, cron takes either and Temporal both.
 */
export function parseCron(cron: string): Cron {
  const texts = cron.trim().split(/\s+/);
  if (texts.length !== FIELDS.length) throw refusal(cron, `it has ${texts.length} fields, not 5`);
  if (texts[2] !== '*' && texts[4] !== '*') {
    throw refusal(cron, 'it restricts both the day of the month and the day of the week');
  }
  const [minutes, hours, daysOfMonth, months, weekdays] = FIELDS.map((field, i) =>
    valuesOf(texts[i]!, field, (why) => refusal(cron, `its ${field.name} ${why}`)),
  ) as [Set<number>, Set<number>, Set<number>, Set<number>, Set<number>];
  const daysOfWeek = new Set([...weekdays].map((day) => day % 7));
  const parsed = { minutes, hours, daysOfMonth, months, daysOfWeek };
  if (!hasADay(parsed)) throw refusal(cron, 'no year has such a day');
  return parsed;
}

export function checkTimeZone(timeZone: string): void {
  if (IANAZone.isValidZone(timeZone)) return;
  throw new BadInputError(
    `The time zone ${quoted(timeZone)} is not known.`,
    'Name one as the tz database does: UTC, Europe/Berlin, America/New_York.',
  );
}

/**
 * The next times after `from`, as Temporal takes them: a time that the clock skips in spring does not come that day, and
 * one that it shows twice in autumn comes twice; `clockChanges` says when.
 */
export function nextTimes(cron: string, timeZone: string, from: Date, count: number): Date[] {
  checkTimeZone(timeZone);
  const times: Date[] = [];
  for (const time of timesAfter(parseCron(cron), timeZone, from.getTime())) {
    if (times.length === count) break;
    times.push(time);
  }
  return times;
}

/** All times after `from`, to `to` included. */
export function timesBetween(cron: string, timeZone: string, from: Date, to: Date): Date[] {
  checkTimeZone(timeZone);
  const times: Date[] = [];
  for (const time of timesAfter(parseCron(cron), timeZone, from.getTime())) {
    if (time > to) break;
    times.push(time);
  }
  return times;
}

function* timesAfter(cron: Cron, zone: string, after: number): Generator<Date> {
  const today = DateTime.fromMillis(after, { zone });
  let day = Date.UTC(today.year, today.month - 1, today.day);
  for (let waited = 0; waited <= LONGEST_WAIT_DAYS; waited++, day += DAY_MS) {
    if (!isDayOf(cron, new Date(day))) continue;
    for (const time of timesOfDay(cron, zone, day)) {
      if (time <= after) continue;
      waited = 0;
      yield new Date(time);
    }
  }
}

const isDayOf = (
  { months, daysOfMonth, daysOfWeek }: Pick<Cron, 'months' | 'daysOfMonth' | 'daysOfWeek'>,
  day: Date,
) =>
  months.has(day.getUTCMonth() + 1) && daysOfMonth.has(day.getUTCDate()) && daysOfWeek.has(day.getUTCDay());

/** `day` is its midnight, were the zone UTC. */
function* timesOfDay({ hours, minutes }: Cron, zone: string, day: number): Generator<number> {
  const offsetAt = (at: number) => DateTime.fromMillis(at, { zone }).offset * MINUTE_MS;
  const begin = day - offsetAt(day - DAY_MS / 2) - MARGIN_MS;
  const end = day + DAY_MS - offsetAt(day + 1.5 * DAY_MS) + MARGIN_MS;
  const steady = offsetAt(begin) === offsetAt(end) ? offsetAt(begin) : undefined;
  for (let quarter = begin; quarter < end; quarter += QUARTER_MS) {
    const shift = steady ?? offsetAt(quarter);
    for (let at = quarter; at < quarter + QUARTER_MS; at += MINUTE_MS) {
      const wall = new Date(at + shift);
      if (wall.getTime() < day || wall.getTime() >= day + DAY_MS) continue;
      if (hours.has(wall.getUTCHours()) && minutes.has(wall.getUTCMinutes())) yield at;
    }
  }
}

export interface ClockChange {
  /** The local date. */
  date: string;
  kind: 'skipped' | 'repeated';
  /** The first time of the day that is concerned, by the wall clock. */
  at: string;
  /** Whether the server takes it so. */
  certain: boolean;
}

/**
 * The days of the next year on which the clock changes where the expression has a time. In spring the run is left out.
 * In autumn it comes twice, or as the server sees it: east of Greenwich server 1.29 takes the first of the two hours for
 * the hour before it, so there the times of both are concerned.
 */
export function clockChanges(cron: string, timeZone: string, from: Date): ClockChange[] {
  checkTimeZone(timeZone);
  const { hours, minutes, ...days } = parseCron(cron);
  const offsetAt = (at: number) => DateTime.fromMillis(at, { zone: timeZone }).offset * MINUTE_MS;
  const begin = Math.ceil(from.getTime() / QUARTER_MS) * QUARTER_MS;
  const changes: ClockChange[] = [];
  for (let day = begin; day < begin + YEAR_DAYS * DAY_MS; day += DAY_MS) {
    if (offsetAt(day) === offsetAt(day + DAY_MS)) continue;
    let at = day;
    while (offsetAt(at + QUARTER_MS) === offsetAt(day)) at += QUARTER_MS;
    const change = at + QUARTER_MS;
    const [before, after] = [offsetAt(at), offsetAt(change)];
    const kind = after > before ? 'skipped' : 'repeated';
    const certain = kind === 'skipped' || before <= 0;
    // Wall times that do not come, or that come twice.
    const first = kind === 'skipped' ? change + before : change + after - (certain ? 0 : HOUR_MS);
    const end = kind === 'skipped' ? change + after : change + before;
    for (let wall = first; wall < end; wall += MINUTE_MS) {
      const time = new Date(wall);
      if (!isDayOf(days, time) || !hours.has(time.getUTCHours()) || !minutes.has(time.getUTCMinutes()))
        continue;
      const iso = time.toISOString();
      changes.push({ date: iso.slice(0, 10), kind, at: iso.slice(11, 16), certain });
      break;
    }
  }
  return changes;
}

function valuesOf(text: string, field: Field, wrong: (why: string) => BadInputError): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step, ...rest] = part.split('/');
    if (rest.length > 0 || (step !== undefined && !/^[1-9]\d{0,3}$/.test(step))) {
      throw wrong(`cannot be read at ${quoted(part)}`);
    }
    const [from, to] = boundsOf(range, step !== undefined, field, wrong);
    for (let value = from; value <= to; value += Number(step ?? 1)) values.add(value);
  }
  return values;
}

function boundsOf(
  range: string,
  stepped: boolean,
  field: Field,
  wrong: (why: string) => BadInputError,
): [number, number] {
  const { least, most } = field;
  // A Sunday that is both 0 and 7 would shift the steps.
  if (range === '*') return [least, field.words === DAYS ? 6 : most];
  const ends = range.split('-').map((text) => numberOf(text, field));
  if (ends.length > 2 || ends.includes(undefined)) throw wrong(`cannot be read at ${quoted(range)}`);
  const [from, to = stepped ? most : from] = ends as [number, number?];
  const outside = [from, to].find((value) => value < least || value > most);
  if (outside !== undefined) throw wrong(`has ${outside}, which is not in ${least} to ${most}`);
  if (to < from) throw wrong(`runs backwards at ${quoted(range)}`);
  return [from, to];
}

function numberOf(text: string, { words, least }: Field): number | undefined {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  const index = words?.indexOf(text.toLowerCase()) ?? -1;
  return index < 0 ? undefined : index + least;
}

const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const hasADay = ({ months, daysOfMonth }: Cron) =>
  [...months].some((month) => [...daysOfMonth].some((day) => day <= LONGEST_MONTHS[month - 1]!));

const refusal = (cron: string, why: string) =>
  new BadInputError(
    `The schedule ${quoted(cron)} cannot be used: ${why}.`,
    'Write it as five fields (minute, hour, day of the month, month, day of the week), such as 0 2 * * 0.',
  );
