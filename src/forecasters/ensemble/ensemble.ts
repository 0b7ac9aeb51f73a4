import { z } from 'zod';
import { LARGEST_VALIDATION_SHARE } from '../../contracts/forecasters.ts';
import { firstIssueFrom, issuesOf, QUANTILES, type IssueTable } from '../../day-ahead/issue-table.ts';
import { BadInputError, CorruptArtifactError } from '../../errors.ts';
import { bundle, unbundle } from '../bundle.ts';
import { isKnown, issuesKnownBy, requireTables } from '../cells.ts';
import { requireFitted } from '../fitted-region.ts';
import type { FitContext, FitData, FittedForecaster, Forecaster } from '../forecaster.ts';
import { readState, writeState } from '../state-bytes.ts';
import {
  calibrated,
  followedBy,
  newestOf,
  NO_RESIDUALS,
  residualsOf,
  type Residuals,
} from './calibration.ts';
import {
  adaptation,
  ADAPTATIONS,
  corrected,
  memberErrors,
  ownErrors,
  weightsByIssue,
  type Adaptation,
} from './adaptation.ts';
import { combine, errorQuantiles, forecastOf, type Combined, type MemberForecast } from './combination.ts';
import { continued, newestRows, noTrack, type Track } from './track.ts';
import { fitWeights, mapeOf } from './weights.ts';

const DAY = 86_400;
const LEVELS = QUANTILES.length;
/** The file of the ensemble's own state beside its members'. */
const OWN = 'ensemble';
/** A member that has no value for more of the hours cannot be weighed against the others. */
const LEAST_SHARE = 0.9;
/** Less than a week has no weekend in it. */
const FEWEST_DAYS = 7;

export interface EnsembleSettings {
  members: readonly Forecaster[];
  /** The last days known, which the members are first fitted without; at most a quarter of the time there is. */
  validationDays: number;
  /** Seconds: issues before it do not validate, because a member has seen their outcome. */
  validationFrom?: number;
  /** What it is called; one calibrated member goes by its own name. */
  name?: string;
}

/** MAPE in percent on the validation issues, where members were fitted without them. */
const validationScore = z.strictObject({
  hours: z.number().int(),
  members: z.record(z.string(), z.number().nullable()),
  /** In sample as to weights and calibration. */
  ensemble: z.number().nullable(),
  /** Of the 80 % interval, percent. */
  coverage80: z.number().nullable(),
});

export const ensembleDetails = z.strictObject({
  name: z.string(),
  /** Those with weight anywhere; only they are kept. */
  members: z.array(z.string()).min(1),
  regions: z.array(z.string()).min(1),
  horizon: z.number().int().positive(),
  knownBy: z.number(),
  /** Seconds; `to` is when the last of them was known. */
  validation: z.strictObject({ from: z.number(), to: z.number() }),
  /** As they stay, or where a region's follow recent errors, their means over the validation issues. */
  weights: z.record(z.string(), z.record(z.string(), z.number())),
  /** By region how weights follow recent errors; null where they stay. */
  adaptation: z.record(z.string(), adaptation.nullable()),
  scores: z.record(z.string(), validationScore),
});
export type EnsembleDetails = z.infer<typeof ensembleDetails>;

interface RegionState {
  /** M; what they are where nothing of late is known. */
  weights: Float64Array;
  /** Null where the weights stay. */
  adaptation: Adaptation | null;
  /** Of late: the members' errors by issue, and the ensemble's before it is corrected. */
  memberErrors: Track;
  ownErrors: Track;
  /** By member, H × levels. */
  spreads: Float64Array[];
  residuals: Residuals;
}

/** Beside the details, how many values each region has of what its issues have turned out to be. */
const ownFacts = z.strictObject({
  details: ensembleDetails,
  residuals: z.array(z.number().int()),
  memberErrors: z.array(z.number().int()),
  ownErrors: z.array(z.number().int()),
});

/** An ensemble as an architecture like any other. */
export function ensemble(settings: EnsembleSettings): Forecaster {
  const name = settings.name ?? OWN;
  return {
    name,
    fit: (data, context) => fitEnsemble(data, settings, context),
    load: (bytes) => FittedEnsemble.of(unbundle(bytes, name), settings.members),
  };
}

/**
 * Fits the members without the validation issues, weighs them and calibrates their intervals on these, then fits them
 * again on all that is known.
 */
export async function fitEnsemble(
  data: FitData,
  settings: EnsembleSettings,
  context: FitContext,
): Promise<FittedEnsemble> {
  requireTables(data.tables);
  const { knownBy, tables } = data;
  const members = settings.members.filter((member) => member.suits?.(tables) ?? true);
  requireMembers(members);
  const from = validationStart(data, settings);
  const part = (share: number, start: number) => ({
    ...context,
    progress: (done: number) => context.progress?.(start + share * done),
  });
  const trial = await fitAll(members, { tables, knownBy: from }, part(0.45, 0));
  const validation = tables.map((table) =>
    issuesOf(table, { from: firstIssueFrom(table, from), to: issuesKnownBy(table, knownBy) }),
  );
  const weighed: Weighed[] = [];
  for (const table of validation) weighed.push(await weigh(table, trial, knownBy, context));
  const used = members.flatMap((_, m) => (weighed.some(({ weights }) => weights[m]! > 0) ? [m] : []));
  const kept = used.map((m) => members[m]!);
  const final = await fitAll(kept, data, part(0.45, 0.55));
  const names = members.map(({ name }) => name);
  const details: EnsembleDetails = {
    name: settings.name ?? OWN,
    members: kept.map(({ name }) => name),
    regions: tables.map(({ region }) => region),
    horizon: tables[0]!.horizon,
    knownBy,
    validation: { from, to: knownBy },
    weights: byRegion(tables, (r) =>
      Object.fromEntries(used.map((m) => [names[m]!, weighed[r]!.weights[m]!])),
    ),
    adaptation: byRegion(tables, (r) => weighed[r]!.adaptation),
    scores: byRegion(tables, (r) => scoreOf(weighed[r]!, names, validation[r]!, knownBy)),
  };
  const states = weighed.map((each) => ({
    weights: Float64Array.from(used, (m) => each.weights[m]!),
    adaptation: each.adaptation,
    memberErrors: newestRows(columnsOf(each.memberErrors, used)),
    ownErrors: newestRows(each.ownErrors),
    spreads: used.map((m) => each.spreads[m]!),
    residuals: newestOf(each.residuals, details.horizon),
  }));
  context.progress?.(1);
  return new FittedEnsemble(details, final, states, kept);
}

export class FittedEnsemble implements FittedForecaster {
  readonly levels = QUANTILES;
  readonly details: EnsembleDetails;
  readonly members: readonly FittedForecaster[];
  private readonly states: readonly RegionState[];
  private readonly architectures: readonly Forecaster[];

  constructor(
    details: EnsembleDetails,
    members: readonly FittedForecaster[],
    states: readonly RegionState[],
    architectures: readonly Forecaster[],
  ) {
    this.details = details;
    this.members = members;
    this.states = states;
    this.architectures = architectures;
  }

  get name(): string {
    return this.details.name;
  }

  /**
   * Intervals follow the errors that were known at each issue: those of the fit, then those of the issues of `table`
   * before it. Give a forecast's table its last issues too, and its intervals are as fresh as the record.
   */
  async predict(table: IssueTable): Promise<Float64Array> {
    const { combined, state } = await this.combined(table);
    return calibrated(table, combined.medians, combined.offsets, state.residuals);
  }

  /** The same weights over members fitted on all that is known by now; the errors made since go on to calibrate. */
  async refit(data: FitData, context: FitContext): Promise<FittedEnsemble> {
    requireTables(data.tables);
    const { knownBy, horizon } = this.details;
    if (data.knownBy < knownBy) {
      throw new BadInputError(
        'A refit cannot know less than the fit that it goes on from.',
        'Give a later moment, or fit from the beginning.',
      );
    }
    const states: RegionState[] = [];
    for (const region of this.details.regions) {
      const table = data.tables.find((candidate) => candidate.region === region);
      if (!table) {
        throw new BadInputError(
          `There is no table of ${region}, which the fit has.`,
          'Give the same regions.',
        );
      }
      const range = { from: firstIssueFrom(table, knownBy), to: issuesKnownBy(table, data.knownBy) };
      const since = issuesOf(table, { from: range.from, to: Math.max(range.from, range.to) });
      const { combined, state, newer } = await this.combined(since, data.knownBy);
      const residuals = residualsOf(since, combined.medians, combined.offsets, data.knownBy);
      states.push({
        ...state,
        memberErrors: newestRows(continued(state.memberErrors, newer.memberErrors)),
        ownErrors: newestRows(continued(state.ownErrors, newer.ownErrors)),
        residuals: newestOf(followedBy(state.residuals, residuals), horizon),
      });
    }
    const members = await fitAll(this.architectures, data, context);
    return new FittedEnsemble(
      { ...this.details, knownBy: data.knownBy },
      members,
      states,
      this.architectures,
    );
  }

  /** Its files by name: every member's, and its own state. */
  files(): Map<string, Uint8Array> {
    return new Map([
      ...this.members.map((member) => [member.name, member.save()] as const),
      [OWN, this.ownBytes()] as const,
    ]);
  }

  save(): Uint8Array {
    return bundle(this.files());
  }

  /** `architectures` load their own files; a member that is fitted already answers for itself. */
  static of(files: ReadonlyMap<string, Uint8Array>, architectures: readonly Forecaster[]): FittedEnsemble {
    const { facts, arrays } = readState(fileOf(files, OWN), OWN, ownFacts, ({ details, ...counts }) => {
      const { regions, members, horizon } = details;
      const [total, ofMembers, own] = [counts.residuals, counts.memberErrors, counts.ownErrors].map((each) =>
        each.reduce((a, b) => a + b, 0),
      ) as [number, number, number];
      return {
        weights: regions.length * members.length,
        spreads: regions.length * members.length * horizon * LEVELS,
        validAt: total,
        group: total,
        z: total,
        memberErrorsEndedAt: ofMembers,
        memberErrors: ofMembers * members.length,
        ownErrorsEndedAt: own,
        ownErrors: own * horizon,
      };
    });
    const { details } = facts;
    const known = details.members.map((member) => {
      const found = architectures.find(({ name }) => name === member);
      if (found) return found;
      throw new BadInputError(
        `The ensemble has a member ${member} that nothing here can read.`,
        'Give it too.',
      );
    });
    const [weights, spreads, validAt, z] = ['weights', 'spreads', 'validAt', 'z'].map(
      (name) => arrays[name] as Float64Array,
    ) as [Float64Array, Float64Array, Float64Array, Float64Array];
    const group = arrays['group'] as Int32Array;
    const count = details.members.length;
    const size = details.horizon * LEVELS;
    let begin = 0;
    const tracks = {
      memberErrors: tracksFrom(arrays, 'memberErrors', facts.memberErrors, count),
      ownErrors: tracksFrom(arrays, 'ownErrors', facts.ownErrors, details.horizon),
    };
    const states = details.regions.map((region, r) => {
      const end = begin + facts.residuals[r]!;
      const state = {
        weights: weights.slice(r * count, (r + 1) * count),
        adaptation: details.adaptation[region] ?? null,
        memberErrors: tracks.memberErrors[r]!,
        ownErrors: tracks.ownErrors[r]!,
        spreads: known.map((_member, m) => spreads.slice((r * count + m) * size, (r * count + m + 1) * size)),
        residuals: {
          validAt: validAt.slice(begin, end),
          group: group.slice(begin, end),
          z: z.slice(begin, end),
        },
      };
      begin = end;
      return state;
    });
    const members = known.map((architecture) => architecture.load(fileOf(files, architecture.name)));
    return new FittedEnsemble(details, members, states, known);
  }

  private async combined(table: IssueTable, knownBy = Infinity): Promise<Answer> {
    const { regions, horizon, name } = this.details;
    const state = this.states[requireFitted(name, regions, horizon, table)]!;
    const forecasts: MemberForecast[] = [];
    for (const [m, member] of this.members.entries()) {
      // What has no weight here is not asked: it may be costly, or not know the region.
      forecasts.push(
        state.weights[m]! > 0
          ? await forecastOf(member, table)
          : { medians: new Float64Array(table.base.length).fill(Number.NaN), offsets: undefined },
      );
    }
    return { ...answerOf(table, forecasts, state, knownBy), state };
  }

  private ownBytes(): Uint8Array {
    const flat = (pick: (state: RegionState) => Iterable<number>) =>
      Float64Array.from(this.states.flatMap((state) => [...pick(state)]));
    return writeState({
      facts: {
        details: this.details,
        residuals: this.states.map(({ residuals }) => residuals.z.length),
        memberErrors: this.states.map(({ memberErrors: { endedAt } }) => endedAt.length),
        ownErrors: this.states.map(({ ownErrors: { endedAt } }) => endedAt.length),
      },
      arrays: {
        weights: flat(({ weights }) => weights),
        spreads: flat(({ spreads }) => spreads.flatMap((values) => [...values])),
        validAt: flat(({ residuals }) => residuals.validAt),
        group: Int32Array.from(this.states.flatMap(({ residuals }) => [...residuals.group])),
        z: flat(({ residuals }) => residuals.z),
        memberErrorsEndedAt: flat((state) => state.memberErrors.endedAt),
        memberErrors: flat((state) => state.memberErrors.values),
        ownErrorsEndedAt: flat((state) => state.ownErrors.endedAt),
        ownErrors: flat((state) => state.ownErrors.values),
      },
    });
  }
}

/** A region's rows after another's, as they were written. */
function tracksFrom(
  arrays: Record<string, unknown>,
  name: string,
  counts: readonly number[],
  columns: number,
): Track[] {
  const ends = arrays[`${name}EndedAt`] as Float64Array;
  const values = arrays[name] as Float64Array;
  let begin = 0;
  return counts.map((count) => {
    const from = begin;
    begin += count;
    return {
      columns,
      endedAt: ends.slice(from, begin),
      values: values.slice(from * columns, begin * columns),
    };
  });
}

interface Answer {
  combined: Combined;
  state: RegionState;
  /** What the table's own issues have turned out to be. */
  newer: { memberErrors: Track; ownErrors: Track };
}

type Rule = Pick<RegionState, 'weights' | 'adaptation' | 'memberErrors' | 'ownErrors' | 'spreads'>;

/** The members' forecasts as one, each issue by what was published of their errors when it was made. */
function answerOf(
  table: IssueTable,
  forecasts: readonly MemberForecast[],
  { weights, adaptation: rule, spreads, ...stored }: Rule,
  knownBy: number,
): Omit<Answer, 'state'> {
  const medians = forecasts.map((forecast) => forecast.medians);
  const newer = { memberErrors: memberErrors(table, medians, knownBy), ownErrors: noTrack(table.horizon) };
  const errors = continued(stored.memberErrors, newer.memberErrors);
  const byIssue = rule
    ? weightsByIssue(table, errors, rule, weights)
    : Float64Array.from(
        { length: table.issuedAt.length * weights.length },
        (_, i) => weights[i % weights.length]!,
      );
  const combined = combine(table, forecasts, byIssue, spreads);
  newer.ownErrors = ownErrors(table, combined.medians, knownBy);
  if (!rule) return { combined, newer };
  return {
    combined: { ...combined, medians: corrected(table, combined.medians, stored.ownErrors, rule) },
    newer,
  };
}

/** Some of a track's columns. */
const columnsOf = ({ columns, endedAt, values }: Track, kept: readonly number[]): Track => ({
  columns: kept.length,
  endedAt,
  values: Float64Array.from(
    endedAt.length === 0
      ? []
      : Array.from(endedAt, (_, i) => kept.map((c) => values[i * columns + c]!)).flat(),
  ),
});

/** A region's members weighed on its validation issues. */
interface Weighed extends RegionState {
  forecasts: MemberForecast[];
  combined: Combined;
}

async function weigh(
  table: IssueTable,
  members: readonly FittedForecaster[],
  knownBy: number,
  { seed, signal }: FitContext,
): Promise<Weighed> {
  const forecasts: MemberForecast[] = [];
  for (const member of members) {
    signal.throwIfAborted();
    forecasts.push(await forecastOf(member, table));
  }
  const cells = Array.from(table.actual, (_, cell) => cell).filter((cell) => isKnown(table, cell, knownBy));
  const has = ({ medians }: MemberForecast, cell: number) => medians[cell]! > 0;
  const able = forecasts.flatMap((forecast, m) =>
    cells.filter((cell) => has(forecast, cell)).length >= LEAST_SHARE * cells.length ? [m] : [],
  );
  if (able.length === 0 || cells.length === 0) {
    throw new BadInputError(
      `${table.region} has no validation hours that a forecaster has values for.`,
      'Fit on a longer period.',
    );
  }
  const common = cells.filter((cell) => able.every((m) => has(forecasts[m]!, cell)));
  const ratios = able.map((m) =>
    Float64Array.from(common, (cell) => forecasts[m]!.medians[cell]! / table.actual[cell]!),
  );
  const fitted = fitWeights(ratios, seed);
  const weights = new Float64Array(members.length);
  able.forEach((m, i) => (weights[m] = fitted[i]!));
  const spreads = forecasts.map(({ medians }) => errorQuantiles(table, medians, knownBy));
  const none = { memberErrors: noTrack(members.length), ownErrors: noTrack(table.horizon), spreads };
  const equal = new Float64Array(members.length);
  for (const m of able) equal[m] = 1 / able.length;
  const asked = forecasts.map((forecast, m) => (able.includes(m) ? forecast : NO_FORECAST(forecast)));
  const rules: Rule[] = [
    { ...none, weights, adaptation: null },
    ...ADAPTATIONS.map((each) => ({ ...none, weights: equal, adaptation: each })),
  ];
  const answers = rules.map((rule) => answerOf(table, asked, rule, knownBy));
  const errors = answers.map(({ combined: { medians } }) =>
    mapeOf([Float64Array.from(common, (cell) => medians[cell]! / table.actual[cell]!)], [1]),
  );
  const best = errors.indexOf(Math.min(...errors));
  const { combined, newer } = answers[best]!;
  const rule = rules[best]!;
  return {
    ...newer,
    weights: rule.adaptation ? meanShares(newer.memberErrors, table, rule) : weights,
    adaptation: rule.adaptation,
    spreads,
    residuals: residualsOf(table, combined.medians, combined.offsets, knownBy),
    forecasts,
    combined,
  };
}

const NO_FORECAST = ({ medians }: MemberForecast): MemberForecast => ({
  medians: new Float64Array(medians.length).fill(Number.NaN),
  offsets: undefined,
});

/** Members that hardly ever count do not count at all. */
const LEAST_MEAN_SHARE = 0.02;

/** What the members have counted on the mean of the issues. */
function meanShares(errors: Track, table: IssueTable, { weights, adaptation: rule }: Rule): Float64Array {
  const byIssue = weightsByIssue(table, errors, rule!, weights);
  const members = weights.length;
  const means = weights.map((_, m) => {
    let sum = 0;
    for (let i = m; i < byIssue.length; i += members) sum += byIssue[i]!;
    return (sum * members) / byIssue.length;
  });
  const kept = means.map((share) => (share < LEAST_MEAN_SHARE ? 0 : share));
  const total = kept.reduce((a, b) => a + b, 0);
  return kept.map((share) => share / total);
}

function scoreOf(
  { forecasts, combined }: Weighed,
  names: readonly string[],
  table: IssueTable,
  knownBy: number,
): z.infer<typeof validationScore> {
  const cells = Array.from(table.actual, (_, cell) => cell).filter((cell) => isKnown(table, cell, knownBy));
  const mape = (medians: Float64Array) => {
    const own = cells.filter((cell) => medians[cell]! > 0);
    const ratios = Float64Array.from(own, (cell) => medians[cell]! / table.actual[cell]!);
    return own.length > 0 ? 100 * mapeOf([ratios], [1]) : null;
  };
  const quantiles = calibrated(table, combined.medians, combined.offsets, NO_RESIDUALS);
  const [low, high] = [QUANTILES.indexOf(0.1), QUANTILES.indexOf(0.9)];
  const inside = cells.filter((cell) => {
    const actual = table.actual[cell]!;
    return actual >= quantiles[cell * LEVELS + low]! && actual <= quantiles[cell * LEVELS + high]!;
  });
  return {
    hours: cells.length,
    members: Object.fromEntries(names.map((name, m) => [name, mape(forecasts[m]!.medians)])),
    ensemble: mape(combined.medians),
    coverage80: cells.length > 0 ? (100 * inside.length) / cells.length : null,
  };
}

async function fitAll(
  members: readonly Forecaster[],
  data: FitData,
  context: FitContext,
): Promise<FittedForecaster[]> {
  const fitted: FittedForecaster[] = [];
  for (const [m, member] of members.entries()) {
    const progress = (done: number) => context.progress?.((m + done) / members.length);
    fitted.push(await member.fit(data, { ...context, progress }));
  }
  return fitted;
}

/** The moment from which issues validate; a quarter of the time at most, so that there is something to fit before. */
function validationStart({ tables, knownBy }: FitData, settings: EnsembleSettings): number {
  const first = Math.min(...tables.map(({ issuedAt }) => issuedAt[0] ?? Infinity));
  const days = settings.validationDays;
  if (!(first < knownBy)) {
    throw new BadInputError('No issue lies before the moment of the fit.', 'Fit at a later moment.');
  }
  const from = Math.max(
    knownBy - days * DAY,
    first + (1 - LARGEST_VALIDATION_SHARE) * (knownBy - first),
    settings.validationFrom ?? -Infinity,
  );
  if (from <= knownBy - FEWEST_DAYS * DAY) return from;
  throw new BadInputError(
    settings.validationFrom === from
      ? 'A member was trained on nearly all that is known by the moment of the fit: its errors there say nothing of the future.'
      : `There are less than ${FEWEST_DAYS} days to weigh members on.`,
    settings.validationFrom === from
      ? 'Train it to an earlier day and fit `through` a later one, or leave it out of the members.'
      : 'Fit on a longer period.',
  );
}

function requireMembers(members: readonly Forecaster[]): void {
  const names = members.map(({ name }) => name);
  const odd = names.find((name, i) => name === OWN || names.indexOf(name) !== i);
  if (members.length === 0 || odd !== undefined) {
    throw new BadInputError(
      odd === undefined
        ? 'An ensemble needs a member.'
        : `The member ${odd} is given twice, or is an ensemble.`,
      'Give each forecaster once.',
    );
  }
}

const byRegion = <T>(tables: readonly IssueTable[], value: (index: number) => T): Record<string, T> =>
  Object.fromEntries(tables.map(({ region }, r) => [region, value(r)]));

function fileOf(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes) return bytes;
  throw new CorruptArtifactError(`The fitted ensemble has no file of ${name}.`, 'Fit it again.');
}
