/** Hours in the season that demand repeats itself by. */
export const SEASON_HOURS = 24;

/**
 * How many hours before its target the newest same-hour-of-day demand lies that is known when the forecast is
 * made: with L hours of lead, 24·⌈L/24⌉. The target at lead L is ln(demand[t+L] / demand[t+L−seasonalLag(L)]), so
 * that a model that says 0 says "as at the same hour of the last known day".
 */
export function seasonalLag(lead: number): number {
  return SEASON_HOURS * Math.ceil(lead / SEASON_HOURS);
}
