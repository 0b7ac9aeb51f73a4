import type { Statistic } from './config.ts';

/** A calendar field of the hour that ends at the row's timestamp, in the region's local time. */
export const CALENDAR_FIELDS = {
  hour: 'local hour the row begins in, 0–23',
  day_of_week: '0 Monday – 6 Sunday',
  day_of_month: '1–31',
  day_of_year: '1–366',
  month: '1–12',
  is_weekend: '1 on Saturday and Sunday',
  is_holiday: '1 on a US holiday',
  is_peak_hour: '1 in the hours 06:00–22:00 of a workday',
} as const;
export type CalendarField = keyof typeof CALENDAR_FIELDS;

/** How a numeric column comes about, as data: it is computed from this, and its formula is written from this. */
export type Expression =
  | { op: 'column'; name: string }
  | { op: 'calendar'; field: CalendarField }
  /** sin or cos of 2π·(field − first)/period. */
  | { op: 'cycle'; field: CalendarField; wave: 'sin' | 'cos'; first: number; period: number }
  | { op: 'lag'; of: Expression; hours: number }
  /** Trailing, the row included; null unless all its hours have a value. std divides by n − 1. */
  | { op: 'rolling'; of: Expression; statistic: Statistic; hours: number }
  | { op: 'add' | 'subtract'; left: Expression; right: Expression }
  /** Null where the divisor is 0. */
  | { op: 'divide'; left: Expression; right: Expression };

export const column = (name: string): Expression => ({ op: 'column', name });
export const lag = (of: Expression, hours: number): Expression => ({ op: 'lag', of, hours });
export const rolling = (of: Expression, statistic: Statistic, hours: number): Expression => ({
  op: 'rolling',
  of,
  statistic,
  hours,
});
export const add = (left: Expression, right: Expression): Expression => ({ op: 'add', left, right });
export const subtract = (left: Expression, right: Expression): Expression => ({
  op: 'subtract',
  left,
  right,
});
export const divide = (left: Expression, right: Expression): Expression => ({ op: 'divide', left, right });

/** The formula for people; equal expressions have equal formulas, so it is also the key they are computed under. */
export function formulaOf(expression: Expression): string {
  switch (expression.op) {
    case 'column':
      return expression.name;
    case 'calendar':
      return expression.field;
    case 'cycle': {
      const { wave, field, first, period } = expression;
      return `${wave}(2π·${first ? `(${field} − ${first})` : field}/${period})`;
    }
    case 'lag':
      return `${formulaOf(expression.of)}[t − ${expression.hours}]`;
    case 'rolling':
      return `${expression.statistic}(${formulaOf(expression.of)}, ${expression.hours} h)`;
    case 'add':
      return `(${formulaOf(expression.left)} + ${formulaOf(expression.right)})`;
    case 'subtract':
      return `(${formulaOf(expression.left)} − ${formulaOf(expression.right)})`;
    case 'divide':
      return `${formulaOf(expression.left)} / ${formulaOf(expression.right)}`;
  }
}

/** The columns an expression reads, in the order it names them. */
export function inputsOf(expression: Expression): string[] {
  switch (expression.op) {
    case 'column':
      return [expression.name];
    case 'calendar':
    case 'cycle':
      return ['timestamp', 'region'];
    case 'lag':
    case 'rolling':
      return inputsOf(expression.of);
    default:
      return [...new Set([...inputsOf(expression.left), ...inputsOf(expression.right)])];
  }
}

/** How many hours, the row's own included, an expression looks at: its value is null before there are so many. */
export function spanOf(expression: Expression): number {
  switch (expression.op) {
    case 'column':
    case 'calendar':
    case 'cycle':
      return 1;
    case 'lag':
      return spanOf(expression.of) + expression.hours;
    case 'rolling':
      return spanOf(expression.of) + expression.hours - 1;
    default:
      return Math.max(spanOf(expression.left), spanOf(expression.right));
  }
}
