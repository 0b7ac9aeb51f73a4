import { firstIssueFrom, issuesOf, type IssueTable } from '../../day-ahead/issue-table.ts';
import { unbundle } from '../bundle.ts';
import { issuesKnownBy, requireTables } from '../cells.ts';
import type { FitContext, FitData, Forecaster } from '../forecaster.ts';
import { newestOf } from './calibration.ts';
import type { EnsembleDetails } from './details.ts';
import { fitMembers, requireMembers } from './fit-members.ts';
import { FittedEnsemble } from './fitted-ensemble.ts';
import { OWN_FILE, type RegionState } from './region-state.ts';
import { columnsOf, newestRows } from './track.ts';
import { validationScore, validationStart, type ValidationSettings } from './validation.ts';
import { weigh, type Weighed } from './weigh.ts';

export interface EnsembleSettings extends ValidationSettings {
  members: readonly Forecaster[];
  /** What it is called; one calibrated member goes by its own name. */
  name?: string;
}

/** An ensemble as an architecture like any other. */
export function ensemble(settings: EnsembleSettings): Forecaster {
  const name = settings.name ?? OWN_FILE;
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
  const trial = await fitMembers(members, { tables, knownBy: from }, part(0.45, 0));
  const validation = tables.map((table) =>
    issuesOf(table, { from: firstIssueFrom(table, from), to: issuesKnownBy(table, knownBy) }),
  );
  const weighed: Weighed[] = [];
  for (const table of validation) weighed.push(await weigh(table, trial, knownBy, context));
  const used = [...members.keys()].filter((m) => weighed.some(({ weights }) => weights[m]! > 0));
  const kept = used.map((m) => members[m]!);
  const final = await fitMembers(kept, data, part(0.45, 0.55));
  const names = members.map(({ name }) => name);
  const details: EnsembleDetails = {
    name: settings.name ?? OWN_FILE,
    members: kept.map(({ name }) => name),
    regions: tables.map(({ region }) => region),
    horizon: tables[0]!.horizon,
    knownBy,
    validation: { from, to: knownBy },
    weights: byRegion(tables, (r) =>
      Object.fromEntries(used.map((m) => [names[m]!, weighed[r]!.weights[m]!])),
    ),
    adaptation: byRegion(tables, (r) => weighed[r]!.adaptation),
    scores: byRegion(tables, (r) => validationScore(weighed[r]!, names, validation[r]!, knownBy)),
  };
  const states = weighed.map((each) => keptOf(each, used, details.horizon));
  context.progress?.(1);
  return new FittedEnsemble(details, final, states, kept);
}

/** What goes on to be known of a region: of the members that are used, and of the newest issues. */
const keptOf = (weighed: Weighed, used: readonly number[], horizon: number): RegionState => ({
  weights: Float64Array.from(used, (m) => weighed.weights[m]!),
  adaptation: weighed.adaptation,
  memberErrors: newestRows(columnsOf(weighed.memberErrors, used)),
  ownErrors: newestRows(weighed.ownErrors),
  spreads: used.map((m) => weighed.spreads[m]!),
  residuals: newestOf(weighed.residuals, horizon),
});

const byRegion = <T>(tables: readonly IssueTable[], value: (index: number) => T): Record<string, T> =>
  Object.fromEntries(tables.map(({ region }, r) => [region, value(r)]));
