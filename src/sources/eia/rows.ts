import type { IngestionWindow } from '../../contracts/ingestion.ts';
import { HOUR_SECONDS } from '../../contracts/time.ts';
import { megawattsOf } from '../megawatts.ts';
import type { SourceRows } from '../source-rows.ts';
import type { EiaPage } from './page.ts';
import { columnsOf } from './request.ts';

const HOUR = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])$/;
const CODE = /^[A-Za-z0-9-]{1,8}$/;
const SERIES_PREFIX = { 'region-data': '', 'fuel-type-data': 'FUEL:', 'interchange-data': 'INT:' } as const;

/** Reads pages of one window into `SourceRows`; keyed on codes, because names change their spelling. */
export class EiaRowReader {
  readonly #window: IngestionWindow;
  readonly #into: SourceRows;
  readonly #columns: { region: string; series: string };
  readonly #prefix: string;
  readonly #series = new Map<unknown, string>();
  #lastPeriod: unknown = undefined;
  #lastHour = Number.NaN;

  constructor(window: IngestionWindow, into: SourceRows) {
    this.#window = window;
    this.#into = into;
    this.#columns = columnsOf(window.route);
    this.#prefix = SERIES_PREFIX[window.route as keyof typeof SERIES_PREFIX];
  }

  read(page: EiaPage, seenAt: number): void {
    this.#into.records += page.rows.length;
    for (const row of page.rows) this.#readRow(row, seenAt);
  }

  #readRow(row: Record<string, unknown>, seenAt: number): void {
    if (row === null || typeof row !== 'object') return this.#into.quarantine('not a row', null, row);
    const series = this.#seriesOf(row[this.#columns.series]);
    if (series === undefined) return this.#into.quarantine('no series code', null, row);
    if (row[this.#columns.region] !== this.#window.region) {
      return this.#into.quarantine('of another region', series, row);
    }
    const validAt = this.#hourOf(row['period']);
    if (Number.isNaN(validAt)) return this.#into.quarantine('period is not an hour', series, row);
    const value = row['value'] === null ? Number.NaN : megawattsOf(row['value']);
    if (value === undefined) return this.#into.quarantine('value is not a number', series, row);
    this.#into.add(series, validAt, value, seenAt, row);
  }

  #seriesOf(code: unknown): string | undefined {
    const known = this.#series.get(code);
    if (known !== undefined) return known;
    if (typeof code !== 'string' || !CODE.test(code)) return undefined;
    const series = this.#prefix + code.toUpperCase();
    this.#series.set(code, series);
    return series;
  }

  #hourOf(period: unknown): number {
    // Sorted by period, so the row before has mostly said the same.
    if (period !== this.#lastPeriod) {
      this.#lastPeriod = period;
      this.#lastHour = secondsOf(period);
    }
    return this.#lastHour;
  }
}

/** Seconds since 1970 of `2018-01-01T00`; NaN for anything else. Digit by digit: every other row needs it. */
function secondsOf(period: unknown): number {
  if (typeof period !== 'string' || !HOUR.test(period)) return Number.NaN;
  const digits = (at: number) => (period.charCodeAt(at) - 48) * 10 + period.charCodeAt(at + 1) - 48;
  const year = digits(0) * 100 + digits(2);
  const day = Date.UTC(year, digits(5) - 1, digits(8));
  // `Date` takes 31 February for 2 March.
  if (new Date(day).getUTCDate() !== digits(8)) return Number.NaN;
  return day / 1000 + digits(11) * HOUR_SECONDS;
}
