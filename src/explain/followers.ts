import type { IssueTable } from '../day-ahead/issue-table.ts';

/** As the weather columns have it: buildings are heated below and cooled above, °C. */
const COMFORT_C = 18;
const LAG_DAYS = [1, 2, 7];
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** A column that is computed from another one: its new value, of an hour whose own column went from one value to another. */
interface Follower {
  column: string;
  value(now: { before: number; after: number; own: number }, hours: readonly number[], hour: number): number;
}

const cooling = (celsius: number) => Math.max(0, celsius - COMFORT_C);
const heating = (celsius: number) => Math.max(0, COMFORT_C - celsius);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
/** Against days that stay as they were. */
const differences = (name: string, of = (value: number) => value): Follower[] =>
  LAG_DAYS.map((days) => ({
    column: `${name}_change_${days}d`,
    value: ({ before, after, own }) => own + of(after) - of(before),
  }));

/** What has to change with a column so that the table says one thing only. */
const FOLLOWERS: Readonly<Record<string, readonly Follower[]>> = {
  temperature_c: [
    { column: 'cooling_degrees', value: ({ after }) => cooling(after) },
    { column: 'heating_degrees', value: ({ after }) => heating(after) },
    { column: 'cooling_degrees_squared', value: ({ after }) => cooling(after) ** 2 },
    { column: 'temperature_day_c', value: (_, hours) => mean(hours) },
    // The hours before the first are taken to change as it does.
    {
      column: 'temperature_3h_c',
      value: ({ own, after, before }, hours, hour) =>
        hour < 2 ? own + after - before : mean([hours[hour]!, hours[hour - 1]!, hours[hour - 2]!]),
    },
    ...differences('temperature'),
    ...differences('cooling', cooling),
    ...differences('heating', heating),
  ],
  dew_point_c: differences('dew_point'),
  solar_w_m2: differences('solar'),
  weekday: WEEKDAYS.map((name, day) => ({
    column: `is_${name}`,
    value: ({ after }) => Number(Math.round(after) === day),
  })),
};

/**
 * Lets the columns that are computed from a changed one follow it in one issue, but for those that a person changes
 * too. `before` are its values by hour as they were. Returns the names of those that moved.
 */
export function follow(
  { columns, features, horizon }: IssueTable,
  issue: number,
  column: string,
  before: readonly number[],
  changedByHand: ReadonlySet<string>,
): string[] {
  const width = columns.length;
  const numberOf = (name: string) => columns.findIndex((candidate) => candidate.name === name);
  const at = (hour: number, c: number) => (issue * horizon + hour) * width + c;
  const source = numberOf(column);
  const after = before.map((_, hour) => features[at(hour, source)]!);
  return (FOLLOWERS[column] ?? []).flatMap((follower) => {
    const c = numberOf(follower.column);
    if (c < 0 || changedByHand.has(follower.column)) return [];
    before.forEach((value, hour) => {
      const own = features[at(hour, c)]!;
      const followed = follower.value({ before: value, after: after[hour]!, own }, after, hour);
      // Against what nobody knows there is no difference.
      features[at(hour, c)] = Number.isFinite(followed) ? followed : own;
    });
    return [follower.column];
  });
}
