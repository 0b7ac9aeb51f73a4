import { liveModel } from '../../src/backtest/forecast-model.ts';
import { recordAsOf } from '../../src/backtest/forecast-record.ts';
import type { RegionRecord } from '../../src/backtest/forecast.ts';
import { newestRecord } from '../../src/backtest/newest-record.ts';
import { driftInput } from '../../src/contracts/drift.ts';
import type { RegionCode } from '../../src/contracts/regions.ts';
import { HOUR_SECONDS, toDate } from '../../src/contracts/time.ts';
import { Home } from '../../src/lake/home.ts';
import { backtestHours } from '../../src/monitoring/drift/baseline-hours.ts';
import { recordDrift, type Undecided } from '../../src/monitoring/drift/region-drift.ts';
import { readVersion } from '../../src/registry/versions.ts';

export const REGIONS: RegionCode[] = ['PACW', 'ERCO', 'CAL', 'CISO', 'MISO'];
export const { windowDays, thresholds } = driftInput.parse({});
export const DAY_SECONDS = 24 * HOUR_SECONDS;

const YEARS_BACK = 6;
const KEPT_LOOKS = 400;

/** A registered model beside the home's whole record, as the stage sees both, without its files. */
export class Watch {
  readonly #looks = new Map<string, Promise<Undecided>>();
  readonly #home: Home;
  readonly #grid: Awaited<ReturnType<typeof newestRecord>>['manifest'];
  readonly #watched: Parameters<typeof recordDrift>[0];

  private constructor(
    home: Home,
    grid: Awaited<ReturnType<typeof newestRecord>>['manifest'],
    watched: Parameters<typeof recordDrift>[0],
  ) {
    this.#home = home;
    this.#grid = grid;
    this.#watched = watched;
  }

  static async open(root: string, name: string, version: number): Promise<Watch> {
    const home = await Home.open(root);
    const found = await readVersion({ home }, { name, version });
    const { manifest } = await newestRecord(home, REGIONS);
    return new Watch(home, manifest, {
      model: await liveModel(home, found),
      backtest: await backtestHours(home, found.record),
    });
  }

  record(region: RegionCode, asOf: number): Promise<RegionRecord> {
    return recordAsOf(this.#home, this.#grid, region, {
      asOf,
      period: { from: toDate(asOf - YEARS_BACK * 366 * DAY_SECONDS), to: toDate(asOf) },
      columns: this.#watched.model.network?.normaliser.columns,
    });
  }

  /** As the record is; the same look twice is made once. */
  look(region: RegionCode, asOf: number): Promise<Undecided> {
    const key = `${region} ${asOf}`;
    const found =
      this.#looks.get(key) ?? this.record(region, asOf).then((record) => this.lookAt(record, asOf));
    this.#looks.set(key, found);
    for (const old of [...this.#looks.keys()].slice(0, -KEPT_LOOKS)) this.#looks.delete(old);
    return found;
  }

  lookAt(record: RegionRecord, asOf: number): Promise<Undecided> {
    return recordDrift(this.#watched, record, asOf, { windowDays, thresholds });
  }
}
