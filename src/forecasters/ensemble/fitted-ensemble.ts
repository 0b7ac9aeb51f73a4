import { firstIssueFrom, issuesOf, QUANTILES, type IssueTable } from '../../day-ahead/issue-table.ts';
import { BadInputError, CorruptArtifactError } from '../../errors.ts';
import { bundle } from '../bundle.ts';
import { issuesKnownBy, requireTables } from '../cells.ts';
import { requireFitted } from '../fitted-region.ts';
import type { FitContext, FitData, FittedForecaster, Forecaster } from '../forecaster.ts';
import { answerOf, type Answer } from './answer.ts';
import { calibrated, followedBy, newestOf, residualsOf } from './calibration.ts';
import { forecastOf, noForecast, type MemberForecast } from './combination.ts';
import type { EnsembleDetails } from './details.ts';
import { fitMembers } from './fit-members.ts';
import { OWN_FILE, readRegionStates, writeRegionStates, type RegionState } from './region-state.ts';
import { continued, newestRows } from './track.ts';

/** Fitted members, and by region how they become one forecast with calibrated intervals. */
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

  get followsFrom(): number {
    return this.details.knownBy;
  }

  /**
   * Weights and intervals follow the errors that were known at each issue: those of the fit, then those of the issues
   * of `table` before it. Give a forecast's table its last issues too, and it is as fresh as the record.
   */
  async predict(table: IssueTable, from = 0): Promise<Float64Array> {
    const { combined, state } = await this.answer(table, Infinity);
    return calibrated(table, combined.medians, combined.offsets, state.residuals, from);
  }

  /**
   * The median of the whole, N × H, of medians that are given for its members (in their order; undefined where one has
   * no weight in the region) in place of what they would answer.
   */
  combine(table: IssueTable, medians: readonly (Float64Array | undefined)[]): Float64Array {
    const state = this.stateOf(table);
    const forecasts = medians.map((given) =>
      given ? { medians: given, offsets: undefined } : noForecast(table),
    );
    return answerOf(table, forecasts, state, state, Infinity).combined.medians;
  }

  /** The same weights over members fitted on all that is known by now; the errors made since go on to calibrate. */
  async refit(data: FitData, context: FitContext): Promise<FittedEnsemble> {
    requireTables(data.tables);
    if (data.knownBy < this.details.knownBy) {
      throw new BadInputError(
        'A refit cannot know less than the fit that it goes on from.',
        'Give a later moment, or fit from the beginning.',
      );
    }
    const states: RegionState[] = [];
    for (const region of this.details.regions) {
      states.push(await this.stateBy(data.knownBy, tableOf(region, data.tables)));
    }
    const members = await fitMembers(this.architectures, data, context);
    const details = { ...this.details, knownBy: data.knownBy };
    return new FittedEnsemble(details, members, states, this.architectures);
  }

  /** Its files by name: every member's, and its own state. */
  files(): Map<string, Uint8Array> {
    return new Map([
      ...this.members.map((member) => [member.name, member.save()] as const),
      [OWN_FILE, writeRegionStates(this.details, this.states)] as const,
    ]);
  }

  save(): Uint8Array {
    return bundle(this.files());
  }

  /** `architectures` load their own files; a member that is fitted already answers for itself. */
  static of(files: ReadonlyMap<string, Uint8Array>, architectures: readonly Forecaster[]): FittedEnsemble {
    const { details, states } = readRegionStates(fileOf(files, OWN_FILE));
    const known = details.members.map((member) => {
      const found = architectures.find(({ name }) => name === member);
      if (found) return found;
      throw new BadInputError(
        `The ensemble has a member ${member} that nothing here can read.`,
        'Give it too.',
      );
    });
    const members = known.map((architecture) => architecture.load(fileOf(files, architecture.name)));
    return new FittedEnsemble(details, members, states, known);
  }

  /** What of the issues since the fit was published by then, after what the state holds. */
  private async stateBy(knownBy: number, table: IssueTable): Promise<RegionState> {
    const from = firstIssueFrom(table, this.details.knownBy);
    const since = issuesOf(table, { from, to: Math.max(from, issuesKnownBy(table, knownBy)) });
    const { combined, state, newer } = await this.answer(since, knownBy);
    const residuals = residualsOf(since, combined.medians, combined.offsets, knownBy);
    return {
      ...state,
      memberErrors: newestRows(continued(state.memberErrors, newer.memberErrors)),
      ownErrors: newestRows(continued(state.ownErrors, newer.ownErrors)),
      residuals: newestOf(followedBy(state.residuals, residuals), this.details.horizon),
    };
  }

  private async answer(table: IssueTable, knownBy: number): Promise<Answer & { state: RegionState }> {
    const state = this.stateOf(table);
    const forecasts: MemberForecast[] = [];
    for (const [m, member] of this.members.entries()) {
      // What has no weight here is not asked: it may be costly, or not know the region.
      forecasts.push(state.weights[m]! > 0 ? await forecastOf(member, table) : noForecast(table));
    }
    return { ...answerOf(table, forecasts, state, state, knownBy), state };
  }

  private stateOf(table: IssueTable): RegionState {
    const { regions, horizon, name } = this.details;
    return this.states[requireFitted(name, regions, horizon, table)]!;
  }
}

function tableOf(region: string, tables: readonly IssueTable[]): IssueTable {
  const table = tables.find((candidate) => candidate.region === region);
  if (table) return table;
  throw new BadInputError(`There is no table of ${region}, which the fit has.`, 'Give the same regions.');
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes) return bytes;
  throw new CorruptArtifactError(`The fitted ensemble has no file of ${name}.`, 'Fit it again.');
}
