import { DateTime } from 'luxon';

/** `Sun 2027-03-14 03:00 EDT`: by the clock of a place, with its name in short. */
export const localTime = (at: Date, zone: string): string =>
  DateTime.fromJSDate(at, { zone }).setLocale('en-US').toFormat('ccc yyyy-MM-dd HH:mm ZZZZ');
