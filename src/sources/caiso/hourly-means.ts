import { HOUR_SECONDS } from '../../contracts/time.ts';
import { megawattsOf } from '../megawatts.ts';
import type { SourceRows } from '../source-rows.ts';
import type { OasisRow, Report, Share } from './reports.ts';

/** Less of an hour than this is not enough to stand for it. */
const LEAST_COVERAGE = 0.5;

/** The intervals of one part in one hour, by their start: a row that comes twice counts once. */
type Intervals = Map<number, { megawatts: number; seconds: number }>;

/**
 * Gathers OASIS rows, of an hour or of five minutes, into hourly means of each series' parts and sums those up.
 * Only the GMT times count: the Pacific hour runs to 23 or 25 when the clocks change.
 */
export class HourlyMeans {
  readonly #report: Report;
  readonly #into: SourceRows;
  /** series → part → hour's end → intervals */
  readonly #series = new Map<string, Map<string, Map<number, Intervals>>>();
  readonly #signs = new Map<string, 1 | -1>();

  constructor(report: Report, into: SourceRows) {
    this.#report = report;
    this.#into = into;
  }

  add(row: OasisRow): void {
    const share = this.#report.shareOf(row);
    if (share === undefined) return;
    this.#into.records += 1;
    const start = Date.parse(row['INTERVALSTARTTIME_GMT'] ?? '') / 1000;
    const end = Date.parse(row['INTERVALENDTIME_GMT'] ?? '') / 1000;
    const megawatts = megawattsOf(row['MW']);
    if (!(end > start) || end - start > HOUR_SECONDS) {
      this.#into.quarantine('its times are not an interval of at most an hour', share.series, row);
    } else if (megawatts === undefined) {
      this.#into.quarantine('MW is not a number', share.series, row);
    } else {
      this.#intervalsOf(share, start).set(start, { megawatts, seconds: end - start });
    }
  }

  /** Hands every whole hour over; `seenAt` is when the replies came, in seconds since 1970 UTC. */
  finish(seenAt: number): void {
    for (const [series, parts] of this.#series) {
      const needed = this.#report.required[series] ?? [...parts.keys()];
      const hours = new Set([...parts.values()].flatMap((byHour) => [...byHour.keys()]));
      for (const validAt of hours) {
        let sum = 0;
        const lacking = needed.filter((part) => {
          const mean = meanOf(parts.get(part)?.get(validAt));
          sum += (this.#signs.get(`${series} ${part}`) ?? 1) * (mean ?? 0);
          return mean === undefined;
        });
        if (lacking.length === 0) this.#into.add(series, validAt, sum, seenAt, null);
        else this.#into.quarantine(`without ${lacking.join(', ')}`, series, { series, validAt });
      }
    }
  }

  #intervalsOf({ series, part, sign }: Share, start: number): Intervals {
    const validAt = (Math.floor(start / HOUR_SECONDS) + 1) * HOUR_SECONDS;
    this.#signs.set(`${series} ${part}`, sign);
    const parts = entryOf(this.#series, series, () => new Map<string, Map<number, Intervals>>());
    const hours = entryOf(parts, part, () => new Map<number, Intervals>());
    return entryOf(hours, validAt, () => new Map());
  }
}

function meanOf(intervals: Intervals | undefined): number | undefined {
  let energy = 0;
  let seconds = 0;
  for (const interval of intervals?.values() ?? []) {
    energy += interval.megawatts * interval.seconds;
    seconds += interval.seconds;
  }
  return seconds >= LEAST_COVERAGE * HOUR_SECONDS ? energy / seconds : undefined;
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
