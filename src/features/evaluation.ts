import type { Calendar } from './calendar.ts';
import { formulaOf, type Expression } from './expression.ts';
import { RollingWindows } from './rolling.ts';
import type { Scratch } from './scratch.ts';

/** One region's contiguous hours; null is NaN. */
export interface HourlySeries {
  hours: number;
  columns: ReadonlyMap<string, Float64Array>;
  calendar: Calendar;
}

type Composite = Extract<Expression, { op: 'lag' | 'add' | 'subtract' | 'divide' }>;

/** Computes expressions over one region's hours; what several of them share is computed once. */
export class Evaluation {
  readonly #series: HourlySeries;
  readonly #scratch: Scratch;
  readonly #shared = new Map<string, Float64Array>();
  readonly #windows = new Map<string, RollingWindows>();

  constructor(series: HourlySeries, scratch: Scratch) {
    this.#series = series;
    this.#scratch = scratch;
  }

  /**
   * The expression's value at every hour, not to be written to: of a column as it was read, of what was computed
   * before for another expression as it is, otherwise in `out`.
   */
  values(expression: Expression, out: Float64Array): Float64Array {
    switch (expression.op) {
      case 'column':
        return this.#column(expression.name);
      case 'calendar':
        return this.#series.calendar[expression.field];
      case 'rolling':
        return this.#windowsOf(expression.of).values(expression.statistic, expression.hours, out);
      case 'cycle':
        return cycle(this.#series.calendar[expression.field], expression, out);
      default:
        return this.#shared.get(formulaOf(expression)) ?? this.#compute(expression, out);
    }
  }

  #compute(expression: Composite, out: Float64Array): Float64Array {
    if (expression.op === 'lag') return lagged(this.#part(expression.of), expression.hours, out);
    return combine(expression.op, this.#part(expression.left), this.#part(expression.right), out);
  }

  /** A part of an expression, kept for the others that have it too. */
  #part(expression: Expression): Float64Array {
    if (expression.op === 'column') return this.#column(expression.name);
    const key = formulaOf(expression);
    let found = this.#shared.get(key);
    if (!found) {
      found = this.values(expression, this.#scratch.take(this.#series.hours));
      this.#shared.set(key, found);
    }
    return found;
  }

  #windowsOf(expression: Expression): RollingWindows {
    const key = formulaOf(expression);
    let found = this.#windows.get(key);
    if (!found) this.#windows.set(key, (found = new RollingWindows(this.#part(expression), this.#scratch)));
    return found;
  }

  #column(name: string): Float64Array {
    const found = this.#series.columns.get(name);
    if (!found) throw new TypeError(`The catalogue names a column ${name} that was not read.`);
    return found;
  }
}

function cycle(
  field: Float64Array,
  { wave, first, period }: Expression & { op: 'cycle' },
  out: Float64Array,
): Float64Array {
  const turn = wave === 'sin' ? Math.sin : Math.cos;
  // Fields are whole numbers up to 366: each angle is computed once.
  const table = Float64Array.from({ length: 367 }, (_, value) =>
    turn((2 * Math.PI * (value - first)) / period),
  );
  for (let i = 0; i < out.length; i++) out[i] = table[field[i]!]!;
  return out;
}

function lagged(source: Float64Array, hours: number, out: Float64Array): Float64Array {
  const head = Math.min(hours, out.length);
  out.fill(Number.NaN, 0, head);
  out.set(source.subarray(0, out.length - head), head);
  return out;
}

function combine(
  op: 'add' | 'subtract' | 'divide',
  left: Float64Array,
  right: Float64Array,
  out: Float64Array,
): Float64Array {
  switch (op) {
    case 'add':
      for (let i = 0; i < out.length; i++) out[i] = left[i]! + right[i]!;
      break;
    case 'subtract':
      for (let i = 0; i < out.length; i++) out[i] = left[i]! - right[i]!;
      break;
    case 'divide':
      for (let i = 0; i < out.length; i++) out[i] = right[i] === 0 ? Number.NaN : left[i]! / right[i]!;
  }
  return out;
}
