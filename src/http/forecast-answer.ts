import { DateTime } from 'luxon';
import type { ForecastResult } from '../backtest/forecast-stage.ts';
import { REGIONS, type RegionCode } from '../contracts/regions.ts';
import { fromHourStamp } from '../contracts/time.ts';
import type { ForecastAnswer } from './contracts/forecasts.ts';

/** A forecast of one region as HTTP tells it. */
export function answerOf(
  { dataset, model, answeredBy, answers, levels, rows, withoutOperator }: ForecastResult,
  region: RegionCode,
  hours: number,
  requestId: string,
): ForecastAnswer {
  const { name, timeZone } = REGIONS[region];
  const { issuedAt, by } = answers[0]!;
  const { role, why, test } = answeredBy;
  const id = test && `${test.name}:${test.request}`;
  return {
    id: dataset.uri,
    ...{ region, region_name: name, time_zone: timeZone },
    ...{ issue_time: inUtc(issuedAt), issue_time_local: localTime(issuedAt, timeZone) },
    ...{ by, unit: 'MW', levels: by === 'day-ahead' ? levels : [] },
    hours: rows.slice(0, hours).map(({ hour, lead, forecastMw, quantilesMw, latestKnownMw }) => ({
      ...{ hour_ending: inUtc(hour), hour_ending_local: localTime(hour, timeZone), lead_hours: lead },
      ...{ mw: forecastMw, quantiles_mw: quantilesMw },
      latest_known_mw: Number.isFinite(latestKnownMw) ? latestKnownMw : null,
    })),
    horizon_max: rows.length,
    operator_missing: withoutOperator?.includes(region) ?? false,
    model: { ...model, role, why },
    rating:
      id === undefined || !test
        ? null
        : { id, test: test.name, url: `/forecasts/${encodeURIComponent(id)}/rating` },
    request_id: requestId,
  };
}

const inUtc = (hour: string) => `${hour}:00:00Z`;

/** `2019-05-17T11:00:00-05:00` */
const localTime = (hour: string, zone: string) =>
  DateTime.fromSeconds(fromHourStamp(hour), { zone }).toISO({ suppressMilliseconds: true })!;
