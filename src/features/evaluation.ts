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

  /** Writes the expression's value at every hour to `out`. */
  write(expression: Expression, out: Float64Array): void {
    switch (expression.op) {
      case 'column':
        out.set(this.#column(expression.name));
        break;
      case 'calendar':
        out.set(this.#series.calendar[expression.field]);
        break;
      case 'cycle':
        writeCycle(this.#series.calendar[expression.field], expression, out);
        break;
      case 'lag': {
        const { hours } = expression;
        const source = this.#values(expression.of);
        out.fill(Number.NaN, 0, Math.min(hours, out.length));
        if (hours < out.length) out.set(source.subarray(0, out.length - hours), hours);
        break;
      }
      case 'rolling':
        this.#windowsOf(expression.of).write(expression.statistic, expression.hours, out);
        break;
      case 'add':
      case 'subtract':
      case 'divide':
        combine(expression.op, this.#values(expression.left), this.#values(expression.right), out);
    }
  }

  #values(expression: Expression): Float64Array {
    if (expression.op === 'column') return this.#column(expression.name);
    const key = formulaOf(expression);
    let found = this.#shared.get(key);
    if (!found) {
      this.#shared.set(key, (found = this.#scratch.take(this.#series.hours)));
      this.write(expression, found);
    }
    return found;
  }

  #windowsOf(expression: Expression): RollingWindows {
    const key = formulaOf(expression);
    let found = this.#windows.get(key);
    if (!found) this.#windows.set(key, (found = new RollingWindows(this.#values(expression), this.#scratch)));
    return found;
  }

  #column(name: string): Float64Array {
    const found = this.#series.columns.get(name);
    if (!found) throw new TypeError(`The catalogue names a column ${name} that was not read.`);
    return found;
  }
}

function writeCycle(
  field: Float64Array,
  { wave, first, period }: Expression & { op: 'cycle' },
  out: Float64Array,
): void {
  const turn = wave === 'sin' ? Math.sin : Math.cos;
  // Fields are whole numbers up to 366: each angle is computed once.
  const table = Float64Array.from({ length: 367 }, (_, value) =>
    turn((2 * Math.PI * (value - first)) / period),
  );
  for (let i = 0; i < out.length; i++) out[i] = table[field[i]!]!;
}

function combine(
  op: 'add' | 'subtract' | 'divide',
  left: Float64Array,
  right: Float64Array,
  out: Float64Array,
): void {
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
}
