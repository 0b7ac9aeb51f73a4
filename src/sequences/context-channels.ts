import { HOUR_SECONDS } from '../contracts/time.ts';
import { localCalendar } from '../features/calendar.ts';
import { RollingWindows } from '../features/rolling.ts';
import { seasonalLag } from './seasonal-base.ts';

const WEEK_HOURS = 168;
/** One and two weeks ago the same weekday came after the same weekday. */
const ANALOG_HOURS = [WEEK_HOURS, 2 * WEEK_HOURS];
/** No channel looks further back than this: two weeks, and the season before that of the longest lead. */
export const CONTEXT_REACH_HOURS = 3 * WEEK_HOURS;
/** Two days of recent hours: the day that targets are compared with, and the one before it. */
const PROFILE_HOURS = 48;
/** Where to look for holidays: the days around the row and the targets, and those the analogs were taken from. */
const HOLIDAY_OFFSETS = [-168, -144, -120, -24, 0, 24, 48];
const WEEKEND_OFFSETS = [0, 24, 48];

/** Log-ratios are about a tenth; times these they are about one, as the other inputs are, in every region alike. */
const ANALOG_SCALE = 10;
const PROFILE_SCALE = 5;
/** Of scaled values. */
const LIMIT = 8;

export interface ContextChannel {
  name: string;
  /** At every row; 0 where there is no value. */
  values: Float32Array;
}

/**
 * Channels beside the features that say of demand, in the terms of the target, what a linear model would ask first,
 * and of the calendar what is certain of the future. All are known when demand of the row's hour is.
 * @param demand causal demand in MW, NaN where there is none; `first` is the first hour's end, UTC seconds
 */
export function contextChannels(
  demand: Float64Array,
  { first, timeZone, horizon }: { first: number; timeZone: string; horizon: number },
): ContextChannel[] {
  const logs = demand.map((value) => (value > 0 ? Math.log(value) : Number.NaN));
  return [
    ...ANALOG_HOURS.flatMap((back) => analogs(logs, back, horizon)),
    ...profile(logs),
    ...calendarChannels(timeZone, first, demand.length),
  ];
}

export function contextChannelNames(horizon: number): string[] {
  return contextChannels(new Float64Array(0), { first: 0, timeZone: 'UTC', horizon }).map(({ name }) => name);
}

/** The target of `back` hours ago at the same lead: its hour, t − back + lead, has passed for every lead up to back. */
function analogs(logs: Float64Array, back: number, horizon: number): ContextChannel[] {
  const changes = new Map<number, Float32Array>();
  const changeOver = (lag: number) =>
    scaled(logs.length, ANALOG_SCALE, (t) => logs[t]! - valueAt(logs, t - lag));
  return Array.from({ length: horizon }, (_, i) => {
    const lead = i + 1;
    const lag = seasonalLag(lead);
    // One lead's channel is another's, some hours later.
    const change = changes.get(lag) ?? changeOver(lag);
    changes.set(lag, change);
    return { name: `analog_${back}_l${String(lead).padStart(2, '0')}`, values: moved(change, lead - back) };
  });
}

/** At t what is at t + offset; 0 where that is not there. */
function moved(values: Float32Array, offset: number): Float32Array {
  const result = new Float32Array(values.length);
  if (offset < 0)
    result.set(values.subarray(0, Math.max(0, values.length + offset)), Math.min(-offset, values.length));
  else result.set(values.subarray(offset));
  return result;
}

/** The last two days against the mean of the last week. */
function profile(logs: Float64Array): ContextChannel[] {
  const windows = new RollingWindows(logs.map(Math.exp));
  const means = windows.values('mean', WEEK_HOURS, new Float64Array(logs.length)).map(Math.log);
  return Array.from({ length: PROFILE_HOURS }, (_, k) => ({
    name: `profile_${String(k).padStart(2, '0')}`,
    values: scaled(logs.length, PROFILE_SCALE, (t) => valueAt(logs, t - k) - means[t]!),
  }));
}

function calendarChannels(timeZone: string, first: number, rows: number): ContextChannel[] {
  const before = -Math.min(...HOLIDAY_OFFSETS);
  const after = Math.max(...HOLIDAY_OFFSETS);
  const calendar = localCalendar(timeZone, first - before * HOUR_SECONDS, rows + before + after);
  const channel = (name: string, value: (t: number) => number): ContextChannel => {
    const values = new Float32Array(rows);
    for (let t = 0; t < rows; t++) values[t] = value(t + before);
    return { name, values };
  };
  const wave = (name: string, field: Float64Array, period: number) => [
    channel(`${name}_sin`, (t) => Math.sin((2 * Math.PI * field[t]!) / period)),
    channel(`${name}_cos`, (t) => Math.cos((2 * Math.PI * field[t]!) / period)),
  ];
  return [
    ...HOLIDAY_OFFSETS.map((offset) =>
      channel(`holiday_${signed(offset)}h`, (t) => calendar.is_holiday[t + offset]!),
    ),
    ...WEEKEND_OFFSETS.map((offset) =>
      channel(`weekend_${signed(offset)}h`, (t) => calendar.is_weekend[t + offset]!),
    ),
    ...wave('local_hour', calendar.hour, 24),
    ...wave('local_weekday', calendar.day_of_week, 7),
  ];
}

/** A plain loop: Float32Array.from with a function takes ten times as long. */
function scaled(rows: number, scale: number, value: (t: number) => number): Float32Array {
  const result = new Float32Array(rows);
  for (let t = 0; t < rows; t++) {
    const raw = value(t) * scale;
    result[t] = Number.isNaN(raw) ? 0 : Math.max(-LIMIT, Math.min(LIMIT, raw));
  }
  return result;
}

const valueAt = (values: Float64Array, t: number) => (t >= 0 && t < values.length ? values[t]! : Number.NaN);
const signed = (hours: number) => (hours > 0 ? `+${hours}` : String(hours));
