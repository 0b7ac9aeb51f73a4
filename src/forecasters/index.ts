/** Forecasters by name, their ensemble, and what was fitted of them. */
import { VALIDATION_DAYS } from '../contracts/forecasters.ts';
import { ensemble } from './ensemble/ensemble.ts';
import type { Forecaster } from './forecaster.ts';
import { DEFAULT_MEMBERS, memberNamed, type MemberSettings } from './members.ts';

export {
  ridgeSettings,
  treesSettings,
  type RidgeSettings,
  type TreesSettings,
} from '../contracts/forecasters.ts';
export type { FitContext, FitData, FittedForecaster, Forecaster } from './forecaster.ts';
export { alreadyFitted } from './already-fitted.ts';
export { leaveOneRegionOut, type LeftOut } from './leave-one-region-out.ts';
export { loadForecaster } from './load.ts';
export { DEFAULT_MEMBERS, memberNamed, type MemberSettings } from './members.ts';
export { ridge } from './ridge/ridge.ts';
export { trees } from './trees.ts';
export type { EnsembleDetails } from './ensemble/details.ts';
export { ensemble, fitEnsemble, type EnsembleSettings } from './ensemble/ensemble.ts';
export { FittedEnsemble } from './ensemble/fitted-ensemble.ts';

/** Days that a single forecaster's intervals are calibrated on before it is fitted again on all there is. */
const CALIBRATION_DAYS = 180;

/** One forecaster of medians with the quantiles that its errors give it. */
export const withIntervals = (member: Forecaster): Forecaster =>
  ensemble({ members: [member], validationDays: CALIBRATION_DAYS, name: member.name });

/** Any forecaster by its name, with all quantiles. */
export function forecasterNamed(name: string, settings: MemberSettings = {}): Forecaster {
  if (name !== 'ensemble') return withIntervals(memberNamed(name, settings));
  const members = DEFAULT_MEMBERS.map((member) => memberNamed(member, settings));
  return ensemble({ members, validationDays: VALIDATION_DAYS });
}

const NAMES = [
  ...(['operator', 'latestKnown', 'persistence48', 'persistence168', 'climatology'] as const),
  ...(['ridge', 'trees', 'ridge-pooled', 'trees-pooled', 'ensemble'] as const),
];

/** All that are fitted from issue tables alone, with their settings as shipped. */
export const FORECASTERS = Object.fromEntries(NAMES.map((name) => [name, forecasterNamed(name)])) as Readonly<
  Record<(typeof NAMES)[number], Forecaster>
>;
