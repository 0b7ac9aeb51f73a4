import { HOUR_SECONDS } from '../contracts/hour.ts';
import { BadInputError } from '../errors.ts';

/** Demand of an hour is known one hour after the hour's end: the archive's rule, and what EIA aims at. */
export const DEMAND_DELAY_HOURS = 1;

/** Past it, the value 48 h before a target would not be known at issue time, and 48 h persistence would cheat. */
const LONGEST_STEP = 48;

/**
 * The day-ahead protocol: one forecast a day, issued at `issueHourLocal` of the day before, for the 24 hours of a
 * local day. Local means standard time all year, so that the leads do not jump when the clocks do.
 */
export interface DayAheadProtocol {
  /** Local standard time minus UTC, whole hours. */
  standardOffsetHours: number;
  issueHourLocal: number;
  /** How long after an hour's end its demand is known. */
  demandDelayHours: number;
}

/** How one target hour is forecast. Times are hour ends in seconds since 1970, UTC. */
export interface IssuedHour {
  validAt: number;
  issuedAt: number;
  /** The newest hour whose demand is known at `issuedAt`: what a model stands at. */
  newestKnown: number;
  /** Hours from `newestKnown` to the target: the model's lead. */
  steps: number;
  /** Hours from the issue time to the target: the lead time people speak of. */
  leadHours: number;
  /** Hour of the local standard day that ends at `validAt`, 1–24. */
  localHour: number;
}

/** Which forecast of the protocol covers the hour that ends at `validAt`. */
export function issueFor(validAt: number, protocol: DayAheadProtocol): IssuedHour {
  const localHours = validAt / HOUR_SECONDS + protocol.standardOffsetHours;
  // The hour ending at midnight is the last of its day, not the first of the next.
  const day = Math.floor((localHours - 1) / 24);
  const issuedAt = ((day - 1) * 24 + protocol.issueHourLocal - protocol.standardOffsetHours) * HOUR_SECONDS;
  const newestKnown = issuedAt - protocol.demandDelayHours * HOUR_SECONDS;
  return {
    validAt,
    issuedAt,
    newestKnown,
    steps: (validAt - newestKnown) / HOUR_SECONDS,
    leadHours: (validAt - issuedAt) / HOUR_SECONDS,
    localHour: localHours - day * 24,
  };
}

/** Refuses an issue hour whose last target the model does not reach, or 48 h persistence cannot honestly serve. */
export function requireReachable(protocol: DayAheadProtocol, horizon: number): void {
  const longest = 48 - protocol.issueHourLocal + protocol.demandDelayHours;
  const reach = Math.min(horizon, LONGEST_STEP);
  if (longest > reach) {
    throw new BadInputError(
      `A forecast issued at ${protocol.issueHourLocal}:00 of the day before must reach ${longest} hours past the newest known demand; ${reach} are possible.`,
      `Set issueHourLocal to ${48 + protocol.demandDelayHours - reach} or later, or train with a longer horizon.`,
    );
  }
}
