/** Forecasters by name, their ensemble, and what was fitted of them. */
import { BadInputError } from '../errors.ts';
import { asPublished } from './as-published.ts';
import { climatology } from './climatology.ts';
import { ensemble } from './ensemble/ensemble.ts';
import type { Forecaster } from './forecaster.ts';
import { ridge } from './ridge/ridge.ts';
import { trees } from './trees.ts';

export type { FitContext, FitData, FittedForecaster, Forecaster } from './forecaster.ts';
export { alreadyFitted } from './already-fitted.ts';
export { leaveOneRegionOut, type LeftOut } from './leave-one-region-out.ts';
export { ridge, ridgeSettings, type RidgeSettings } from './ridge/ridge.ts';
export { trees, treesSettings, type TreesSettings } from './trees.ts';
export {
  ensemble,
  fitEnsemble,
  FittedEnsemble,
  type EnsembleDetails,
  type EnsembleSettings,
} from './ensemble/ensemble.ts';

/** Days that a single forecaster's intervals are calibrated on before it is fitted again on all there is. */
const CALIBRATION_DAYS = 180;
/** Those that an ensemble's weights and calibration are fitted on: a whole year of seasons. */
export const VALIDATION_DAYS = 365;

/** One forecaster of medians with the quantiles that its errors give it. */
export const withIntervals = (member: Forecaster): Forecaster =>
  ensemble({ members: [member], validationDays: CALIBRATION_DAYS, name: member.name });

/** Forecasters of medians: what ensembles are made of. */
export const MEMBERS = {
  operator: asPublished('operator'),
  latestKnown: asPublished('latestKnown'),
  persistence48: asPublished('persistence48'),
  persistence168: asPublished('persistence168'),
  climatology,
  ridge: ridge(),
  trees: trees(),
  'ridge-pooled': ridge({ pooled: true }),
  'trees-pooled': trees({ pooled: true }),
} as const satisfies Record<string, Forecaster>;
export type MemberName = keyof typeof MEMBERS;

/** What an ensemble is made of where nobody says. */
export const DEFAULT_MEMBERS = ['climatology', 'ridge', 'trees'] as const satisfies MemberName[];

/** Everything here by name, each with all quantiles. */
export const FORECASTERS: Readonly<Record<MemberName | 'ensemble', Forecaster>> = {
  ...(Object.fromEntries(
    Object.entries(MEMBERS).map(([name, member]) => [name, withIntervals(member)]),
  ) as Record<MemberName, Forecaster>),
  ensemble: ensemble({
    members: DEFAULT_MEMBERS.map((name) => MEMBERS[name]),
    validationDays: VALIDATION_DAYS,
  }),
};

export function memberNamed(name: string): Forecaster {
  if (Object.hasOwn(MEMBERS, name)) return MEMBERS[name as MemberName];
  throw new BadInputError(
    `There is no forecaster ${name}.`,
    `There are ${Object.keys(MEMBERS).join(', ')}.`,
  );
}
