import { HOUR_SECONDS } from '../contracts/time.ts';

/** A row that a check refused, with the reason; kept so that it can be looked at and played again. */
export interface QuarantinedRow {
  reason: string;
  series: string | null;
  row: unknown;
}

/**
 * What one window's replies say, each (series, hour) once: a dense table of the window's hours by series. The same
 * row twice counts once (EIA repeats rows whose fuel name differs in case only); a second value for the same hour
 * goes to quarantine.
 */
export class SourceRows {
  readonly from: number;
  readonly to: number;
  readonly hours: number;
  readonly quarantined: QuarantinedRow[] = [];
  readonly #tables = new Map<string, SeriesTable>();
  /** Rows read, duplicates and quarantined ones included. */
  records = 0;

  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
    this.hours = (to - from) / HOUR_SECONDS + 1;
  }

  get series(): ReadonlyMap<string, SeriesTable> {
    return this.#tables;
  }

  /** `value` is MW, NaN for the source's null; `seenAt` is when the reply came, in seconds since 1970 UTC. */
  add(series: string, validAt: number, value: number, seenAt: number, row: unknown): void {
    const hour = (validAt - this.from) / HOUR_SECONDS;
    if (hour < 0 || hour >= this.hours) {
      this.quarantine('outside the period asked for', series, row);
      return;
    }
    let table = this.#tables.get(series);
    if (table === undefined) this.#tables.set(series, (table = new SeriesTable(this.hours)));
    if (table.has[hour] === 0) table.set(hour, value, seenAt);
    else if (!Object.is(table.value[hour], value)) {
      this.quarantine(`a second value for the hour, which has ${table.value[hour]}`, series, row);
    }
  }

  quarantine(reason: string, series: string | null, row: unknown): void {
    this.quarantined.push({ reason, series, row });
  }
}

export class SeriesTable {
  /** 1 where the source has a row. */
  readonly has: Uint8Array;
  readonly value: Float64Array;
  readonly seenAt: Float64Array;

  constructor(hours: number) {
    this.has = new Uint8Array(hours);
    this.value = new Float64Array(hours);
    this.seenAt = new Float64Array(hours);
  }

  set(hour: number, value: number, seenAt: number): void {
    this.has[hour] = 1;
    this.value[hour] = value;
    this.seenAt[hour] = seenAt;
  }
}
