import { z } from 'zod';
import { QUANTILES } from '../../day-ahead/issue-table.ts';
import { readState, writeState, type State } from '../state-bytes.ts';
import type { Rule, Tracks } from './answer.ts';
import type { Residuals } from './calibration.ts';
import { ensembleDetails, type EnsembleDetails } from './details.ts';
import type { Track } from './track.ts';

/** The file of the ensemble's own state beside its members'. */
export const OWN_FILE = 'ensemble';

/** What an ensemble knows of one region: how to make one forecast of its members', and what has come of it lately. */
export interface RegionState extends Rule, Tracks {
  residuals: Residuals;
}

/** Beside the details, how many values each region has of what its issues have turned out to be. */
const facts = z.strictObject({
  details: ensembleDetails,
  residuals: z.array(z.number().int()),
  memberErrors: z.array(z.number().int()),
  ownErrors: z.array(z.number().int()),
});
type Facts = z.infer<typeof facts>;

/** Regions one after another in every array, as the details name them. */
export function writeRegionStates(details: EnsembleDetails, states: readonly RegionState[]): Uint8Array {
  const flat = (pick: (state: RegionState) => Iterable<number>) =>
    Float64Array.from(states.flatMap((state) => [...pick(state)]));
  return writeState({
    facts: {
      details,
      residuals: states.map(({ residuals }) => residuals.z.length),
      memberErrors: states.map(({ memberErrors: { endedAt } }) => endedAt.length),
      ownErrors: states.map(({ ownErrors: { endedAt } }) => endedAt.length),
    },
    arrays: {
      weights: flat(({ weights }) => weights),
      spreads: flat(({ spreads }) => spreads.flatMap((values) => [...values])),
      validAt: flat(({ residuals }) => residuals.validAt),
      group: Int32Array.from(states.flatMap(({ residuals }) => [...residuals.group])),
      z: flat(({ residuals }) => residuals.z),
      memberErrorsEndedAt: flat((state) => state.memberErrors.endedAt),
      memberErrors: flat((state) => state.memberErrors.values),
      ownErrorsEndedAt: flat((state) => state.ownErrors.endedAt),
      ownErrors: flat((state) => state.ownErrors.values),
    },
  });
}

/** What `writeRegionStates` wrote; refuses anything else. */
export function readRegionStates(bytes: Uint8Array): { details: EnsembleDetails; states: RegionState[] } {
  const { facts: known, arrays } = readState(bytes, OWN_FILE, facts, lengthsOf);
  const { details } = known;
  const { horizon, regions } = details;
  const members = details.members.length;
  const size = horizon * QUANTILES.length;
  const values = (name: string) => arrays[name] as Float64Array;
  const residuals = residualsFrom(arrays, known.residuals);
  const memberErrors = tracksFrom(arrays, 'memberErrors', known.memberErrors, members);
  const ownErrors = tracksFrom(arrays, 'ownErrors', known.ownErrors, horizon);
  const states = regions.map((region, r) => ({
    weights: values('weights').slice(r * members, (r + 1) * members),
    adaptation: details.adaptation[region] ?? null,
    spreads: details.members.map((_member, m) =>
      values('spreads').slice((r * members + m) * size, (r * members + m + 1) * size),
    ),
    memberErrors: memberErrors[r]!,
    ownErrors: ownErrors[r]!,
    residuals: residuals[r]!,
  }));
  return { details, states };
}

function lengthsOf({ details, ...counts }: Facts): Record<string, number> {
  const { regions, members, horizon } = details;
  const total = (each: readonly number[]) => each.reduce((sum, count) => sum + count, 0);
  const [residuals, ofMembers, own] = [
    total(counts.residuals),
    total(counts.memberErrors),
    total(counts.ownErrors),
  ];
  return {
    weights: regions.length * members.length,
    spreads: regions.length * members.length * horizon * QUANTILES.length,
    validAt: residuals,
    group: residuals,
    z: residuals,
    memberErrorsEndedAt: ofMembers,
    memberErrors: ofMembers * members.length,
    ownErrorsEndedAt: own,
    ownErrors: own * horizon,
  };
}

type Arrays = State<unknown>['arrays'];

const residualsFrom = (arrays: Arrays, counts: readonly number[]): Residuals[] =>
  placesOf(counts).map(([from, to]) => ({
    validAt: (arrays['validAt'] as Float64Array).slice(from, to),
    group: (arrays['group'] as Int32Array).slice(from, to),
    z: (arrays['z'] as Float64Array).slice(from, to),
  }));

const tracksFrom = (arrays: Arrays, name: string, counts: readonly number[], columns: number): Track[] =>
  placesOf(counts).map(([from, to]) => ({
    columns,
    endedAt: (arrays[`${name}EndedAt`] as Float64Array).slice(from, to),
    values: (arrays[name] as Float64Array).slice(from * columns, to * columns),
  }));

/** Where each region's rows begin and end. */
function placesOf(counts: readonly number[]): [number, number][] {
  let to = 0;
  return counts.map((count) => [to, (to += count)]);
}
