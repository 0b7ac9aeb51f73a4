import { forecast } from '../src/backtest/forecast-stage.ts';
import { newestRecord } from '../src/backtest/newest-record.ts';
import { recordAsOf } from '../src/backtest/forecast-record.ts';
import type { RegionCode } from '../src/contracts/regions.ts';
import { fromHourStamp, HOUR_SECONDS, toDate } from '../src/contracts/time.ts';
import { silentLogger, type StageContext } from '../src/stages/context.ts';
import type { Place } from './place.ts';

/** What was forecast of an hour, by whoever answered then and by the champion that was never touched. */
export interface Night {
  hour: number;
  version: number;
  liveMw: number;
  frozenMw: number;
}

/** Mean absolute percentage errors on the same hours. */
export interface Errors {
  hours: number;
  frozen: number;
  live: number;
}

/** The rows that a forecast answered with, and who answered. */
export interface Answered {
  issuedAt: string;
  version: number;
  rows: readonly { hour: string; forecastMw: number }[];
}

export const stageContext = ({ home, config }: Place, signal: AbortSignal): StageContext => ({
  ...{ home, config, signal, progress() {}, log: silentLogger },
});

/** The same issue, answered by a version that nobody retrains. */
export async function besideFrozen(
  context: StageContext,
  answered: Answered,
  asked: { model: string; version: number; region: RegionCode },
): Promise<Night[]> {
  const { rows } = await forecast(context, {
    ...{ name: asked.model, version: asked.version, regions: [asked.region], issuedAt: answered.issuedAt },
  });
  const frozen = new Map(rows.map(({ hour, forecastMw }) => [hour, forecastMw]));
  return answered.rows.map(({ hour, forecastMw }) => ({
    hour: fromHourStamp(hour),
    version: answered.version,
    liveMw: forecastMw,
    frozenMw: frozen.get(hour)!,
  }));
}

/** Demand as the record has it in the end, by hour. */
export async function demandOf(
  context: StageContext,
  region: RegionCode,
  { from, to }: { from: number; to: number },
): Promise<Map<number, number>> {
  const { manifest } = await newestRecord(context.home, [region]);
  const asOf = to + 400 * 24 * HOUR_SECONDS;
  const { rows } = await recordAsOf(context.home, manifest, region, {
    ...{ asOf, period: { from: toDate(from), to: toDate(to) } },
  });
  const demand = new Map<number, number>();
  rows.demandFinal.forEach((mw, row) => {
    if (mw > 0) demand.set(rows.first + row * HOUR_SECONDS, mw);
  });
  return demand;
}

export function errorsOf(nights: readonly Night[], demand: ReadonlyMap<number, number>): Errors {
  const scored = nights.filter(({ hour }) => demand.has(hour));
  const mape = (pick: (night: Night) => number) =>
    scored.reduce((sum, night) => {
      const actual = demand.get(night.hour)!;
      return sum + Math.abs(pick(night) - actual) / actual;
    }, 0) *
    (100 / scored.length);
  return {
    hours: scored.length,
    frozen: mape(({ frozenMw }) => frozenMw),
    live: mape(({ liveMw }) => liveMw),
  };
}
