import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import type { ValidatedRows } from '../../src/features/validated-rows.ts';

/** 2018-01-01T00, the end of the last hour of 2017. */
export const FIRST = Date.UTC(2018, 0, 1) / 1000;

/** Hours with a day, a week and some noise in them, and an operator who is a little off; all of it known in time. */
export function inventedRows(hours: number, region = 'ERCO'): ValidatedRows {
  const mw = Float64Array.from(
    { length: hours },
    (_, t) => 1000 + 200 * Math.sin(t / 3.8) + 50 * Math.sin(t / 26.7) + 7 * ((t * 7919) % 13),
  );
  const known = (delay: number) =>
    Float64Array.from({ length: hours }, (_, t) => FIRST + (t + delay) * HOUR_SECONDS);
  const none = () => ({ values: new Float64Array(hours).fill(Number.NaN), availableAt: known(36) });
  return {
    region,
    first: FIRST,
    hours,
    demand: mw.slice(),
    demandFinal: mw.slice(),
    forecast: { values: mw.map((value, t) => value * (1 + 0.01 * Math.sin(t))), availableAt: known(-38) },
    generation: none(),
    solar: none(),
    wind: none(),
    fuels: new Map(),
  };
}

export const ERCO_CLOCK = { issueHourLocal: 10, standardOffsetHours: -6, timeZone: 'America/Chicago' };
