import type { ScheduleDescription, ScheduleOptions } from '@temporalio/client';
import { parseCron } from '../src/jobs/cron.ts';
import { canonicalJson } from '../src/lake/canonical.ts';
import { PIPELINE_QUEUE } from '../src/temporal/names.ts';
import type { ScheduleDefinition } from './schedule.ts';

type CalendarDescription = NonNullable<ScheduleDescription['spec']['calendars']>[number];
interface Stretch<Unit> {
  start: Unit;
  end: Unit;
  step: number;
}

const HOUR_MS = 3_600_000;

const MONTHS = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;
const DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;

/** A definition as the server takes it. */
export function optionsOf(definition: ScheduleDefinition) {
  const { id, note, cron, timeZone, workflow, workflowId, input, overlap, catchUpHours } = definition;
  return {
    scheduleId: id,
    spec: { calendars: [calendarOf(cron)], timezone: timeZone },
    action: {
      type: 'startWorkflow',
      workflowType: workflow,
      taskQueue: PIPELINE_QUEUE,
      workflowId,
      args: [input],
      staticSummary: note,
    },
    policies: { overlap, catchupWindow: `${catchUpHours} hours` as const, pauseOnFailure: false },
    state: { note },
  } satisfies ScheduleOptions;
}

/**
 * The moments themselves, not the expression: server 1.29 takes `1-7` for Monday to Saturday. The comment keeps what the
 * person wrote.
 */
export function calendarOf(cron: string) {
  const { minutes, hours, daysOfMonth, months, daysOfWeek } = valuesOf(cron);
  return {
    second: 0,
    minute: minutes,
    hour: hours,
    dayOfMonth: daysOfMonth,
    month: months.map((month) => MONTHS[month - 1]!),
    dayOfWeek: daysOfWeek.map((day) => DAYS[day]!),
    comment: cron,
  };
}

function valuesOf(cron: string) {
  const { minutes, hours, daysOfMonth, months, daysOfWeek } = parseCron(cron);
  return {
    minutes: ascending(minutes),
    hours: ascending(hours),
    daysOfMonth: ascending(daysOfMonth),
    months: ascending(months),
    daysOfWeek: ascending(daysOfWeek),
  };
}

const ascending = (values: Iterable<number>) => [...values].sort((a, b) => a - b);

/** Whether the server has a schedule as it should be; whether it is paused is for people to say. */
export const isAsDefined = (definition: ScheduleDefinition, found: ScheduleDescription): boolean =>
  canonicalJson(wanted(definition)) === canonicalJson(present(found));

function wanted(definition: ScheduleDefinition): object {
  const { spec, action, policies } = optionsOf(definition);
  return {
    calendars: [{ seconds: [0], years: 0, comment: definition.cron, ...valuesOf(definition.cron) }],
    timezone: spec.timezone,
    action,
    overlap: policies.overlap,
    catchUpMs: definition.catchUpHours * HOUR_MS,
    pauseOnFailure: policies.pauseOnFailure,
    others: 0,
  };
}

function present({ spec, action, policies }: ScheduleDescription): object {
  const { workflowType, taskQueue, workflowId, args, staticSummary } = action;
  const { calendars = [], intervals = [], skip = [], startAt, endAt, jitter } = spec;
  return {
    calendars: calendars.map(readCalendar),
    timezone: spec.timezone,
    action: { type: 'startWorkflow', workflowType, taskQueue, workflowId, args, staticSummary },
    overlap: policies.overlap,
    catchUpMs: policies.catchupWindow,
    pauseOnFailure: policies.pauseOnFailure,
    others: intervals.length + skip.length + [startAt, endAt, jitter].filter(Boolean).length,
  };
}

const readCalendar = (calendar: CalendarDescription) => ({
  seconds: expanded(calendar.second, Number),
  years: calendar.year.length,
  comment: calendar.comment,
  minutes: expanded(calendar.minute, Number),
  hours: expanded(calendar.hour, Number),
  daysOfMonth: expanded(calendar.dayOfMonth, Number),
  months: expanded(calendar.month, (month) => MONTHS.indexOf(month) + 1),
  daysOfWeek: expanded(calendar.dayOfWeek, (day) => DAYS.indexOf(day)),
});

function expanded<Unit>(stretches: readonly Stretch<Unit>[], numberOf: (unit: Unit) => number): number[] {
  const values = new Set<number>();
  for (const { start, end, step } of stretches) {
    for (let value = numberOf(start); value <= numberOf(end); value += Math.max(1, step)) values.add(value);
  }
  return ascending(values);
}
