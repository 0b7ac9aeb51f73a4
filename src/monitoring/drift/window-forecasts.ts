import { FOLLOWED_HOURS } from '../../backtest/forecast-day-ahead.ts';
import type { LiveDayAhead } from '../../backtest/forecast-model.ts';
import type { RegionRecord } from '../../backtest/forecast.ts';
import { DEMAND_DELAY_HOURS } from '../../backtest/protocol.ts';
import { REGIONS, REGION_CODES, type RegionCode } from '../../contracts/regions.ts';
import { HOUR_SECONDS } from '../../contracts/time.ts';
import { buildIssueTable } from '../../day-ahead/build.ts';
import { readWeatherFolder, SHIPPED_WEATHER } from '../../features/weather-folder.ts';
import { hoursWhere, whole, type ScoredHours } from './scored-hours.ts';

/**
 * What the version answers for every day-ahead issue whose hours lie in the window, from what was known at each issue, and
 * what came of it as known by now. Its weights follow the issues before the window, as they do when it forecasts. Only
 * hours after those that it has learnt from count.
 */
export async function windowForecasts(
  { issues, open }: LiveDayAhead,
  record: RegionRecord,
  window: { from: number; to: number },
  learntTo: number,
): Promise<ScoredHours> {
  const region = record.rows.region as RegionCode;
  const { standardOffsetHours, timeZone } = REGIONS[region];
  const { issueHourLocal, operator, weather, contextHours } = issues;
  const { forecaster, source } = await open();
  // The window ends with an hour that was published, so its inputs reach to where that is known.
  source?.add(record, window.to + DEMAND_DELAY_HOURS * HOUR_SECONDS);
  const { followsFrom } = forecaster;
  const runs = weather ? await readWeatherFolder(SHIPPED_WEATHER, REGION_CODES) : [];
  const table = buildIssueTable(record.rows, {
    ...{ issueHourLocal, standardOffsetHours, timeZone, operator, contextHours },
    firstHour:
      followsFrom === undefined
        ? window.from
        : Math.max(window.from - FOLLOWED_HOURS * HOUR_SECONDS, followsFrom),
    lastHour: window.to,
    ...(weather && { weather: runs.find((own) => own.region === region) ?? 'none' }),
  });
  const levels = forecaster.levels.length;
  const middle = forecaster.levels.indexOf(0.5);
  const answers = await forecaster.predict(table);
  const all: ScoredHours = {
    validAt: table.validAt,
    actual: table.actual,
    model: table.validAt.map((_, cell) => answers[cell * levels + middle]!),
    operator: table.operator,
    naive: table.persistence168,
  };
  return whole(hoursWhere(all, (cell) => all.validAt[cell]! >= window.from && all.validAt[cell]! > learntTo));
}
