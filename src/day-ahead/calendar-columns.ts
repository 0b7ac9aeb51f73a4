import type { Columns } from './cell.ts';
import { holidayWeight } from './holiday-weight.ts';

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const YEAR_DAYS = 365.25;
/** Days before the target whose demand is asked for, and may have been a holiday's. */
const HOLIDAYS_AGO = [1, 2, 7, 14];

/** What is certain of the future. */
export const calendarColumns: Columns = {
  group: 'calendar',
  names: [
    'hour',
    'hour_on_the_wall',
    'weekday',
    ...WEEKDAYS.map((name) => `is_${name}`),
    'holiday',
    'holiday_tomorrow',
    ...HOLIDAYS_AGO.map((days) => `holiday_${days}d_ago`),
    'year_sin_1',
    'year_cos_1',
    'year_sin_2',
    'year_cos_2',
    'years',
    'summer_time',
    'summer_time_began',
    'summer_time_began_lately',
  ],
  values: ({ hour, calendar }) => {
    const { weekday, dayOfYear, day } = calendar;
    const angle = (2 * Math.PI * dayOfYear) / YEAR_DAYS;
    return [
      hour,
      calendar.hour,
      weekday,
      ...WEEKDAYS.map((_name, i) => Number(weekday === i)),
      holidayWeight(day),
      holidayWeight(day + 1),
      ...HOLIDAYS_AGO.map((days) => holidayWeight(day - days)),
      Math.sin(angle),
      Math.cos(angle),
      Math.sin(2 * angle),
      Math.cos(2 * angle),
      day / YEAR_DAYS - 45,
      calendar.summer,
      calendar.summer - calendar.summerWeekAgo,
      calendar.summer - calendar.summerLately,
    ];
  },
};
