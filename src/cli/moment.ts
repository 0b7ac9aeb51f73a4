import { BadInputError, quoted } from '../errors.ts';

const FORM = /^\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2})?Z?)?$/;

/** `2019-03-01`, `2019-03-01T02` or `2019-03-01T02:30`, UTC. A date alone means its first or its last minute. */
export function momentOf(text: string, flag: string, ofDay: 'first' | 'last' = 'first'): Date {
  const [date = '', time] = text.replace(/Z$/, '').split('T');
  const full = time ?? (ofDay === 'first' ? '00:00' : '23:59');
  const moment = new Date(`${date}T${full.length === 2 ? `${full}:00` : full}:00Z`);
  // `Date` alone would take 31 February for 2 March.
  const inCalendar = !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(date);
  if (FORM.test(text) && inCalendar) return moment;
  throw new BadInputError(
    `${flag} ${quoted(text)} is not a moment.`,
    'Give one such as 2019-03-01 or 2019-03-01T02:00 (UTC).',
  );
}
