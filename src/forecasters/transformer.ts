import { HOUR_SECONDS } from '../contracts/time.ts';
import { issuesOf, type IssueTable } from '../day-ahead/issue-table.ts';
import { BadInputError } from '../errors.ts';
import { layoutOf } from '../model/parameters.ts';
import type { Predictor } from '../model/predictor.ts';
import { standardised, type IssueScaling } from '../sequences/issue-scaling.ts';
import { refitHead, REFIT, type RefitIssues, type RefitSettings } from '../training/refit-head.ts';
import { fixedWindows, planWindows } from '../backtest/windows.ts';
import { isKnown, issuesKnownBy, logRatio, requireColumns } from './cells.ts';
import type { FitContext, FitData, FittedForecaster, Forecaster } from './forecaster.ts';
import { writeState } from './state-bytes.ts';
import { TRANSFORMER as NAME, transformerWeights } from './transformer-weights.ts';

/** Where the network's inputs come from: hour by hour, normalised as it was trained. */
export interface SequenceSource {
  /** The region's record: the end of its first hour (seconds since 1970) and how many it has. */
  hoursOf(region: string): Promise<{ first: number; hours: number }>;
  /** Rows `from` to `to`, excluded; hours × channels. */
  inputsOf(region: string, from: number, to: number): Promise<Float32Array>;
  /** Of a source that is given newer records of a region: which it has, and up to when inputs are as with an older one. */
  records?: {
    of(region: string): object;
    /** Seconds: inputs of hours that end before are the same. */
    sameBefore(region: string, older: object): number;
  };
}

/** A network as a training manifest holds it. */
export interface TrainedNetwork {
  model: Predictor;
  scaling: IssueScaling;
  /** Hours of history that it was trained to look back on. */
  sequenceLength: number;
  /** Seconds: it has seen outcomes up to here. */
  trainedBy: number;
}

/**
 * The ring transformer as an architecture: what a ring has trained is given, and fitting refits its issue head on all
 * that is known by then. Issues that the network itself was trained on are known to it, whatever it is fitted with.
 */
export function transformer(
  network: TrainedNetwork,
  source: SequenceSource,
  settings: RefitSettings = REFIT,
): Forecaster {
  const states = new NetworkStates(network, source);
  return {
    name: NAME,
    fit: async (data, context) =>
      new FittedTransformer(network, states, await refit(network, states, data, settings, context)),
    load: (bytes) =>
      new FittedTransformer(network, states, transformerWeights(bytes, layoutOf(network.model.config))),
  };
}

class FittedTransformer implements FittedForecaster {
  readonly name = NAME;
  readonly levels: readonly number[];
  readonly #network: TrainedNetwork;
  readonly #states: NetworkStates;
  readonly #model: Predictor;

  constructor(network: TrainedNetwork, states: NetworkStates, weights: Float32Array) {
    this.#network = network;
    this.#states = states;
    this.#model = network.model.withWeights(weights);
    this.levels = network.model.issueHead!.quantiles;
  }

  async predict(table: IssueTable): Promise<Float64Array> {
    const { scaling } = this.#network;
    requireColumns(
      table,
      scaling.columns.map(({ name }) => name),
      NAME,
    );
    const { states, known } = await this.#states.at(table);
    const ratios = this.#model.issuesFrom(states, standardised(table, scaling, table.region), table.region);
    const levels = this.levels.length;
    return Float64Array.from(ratios, (ratio, i) => {
      const cell = Math.floor(i / levels);
      return known[Math.floor(cell / table.horizon)] ? table.base[cell]! * Math.exp(ratio) : Number.NaN;
    });
  }

  /** The whole network: what was refitted is little less. */
  save(): Uint8Array {
    const { weights } = this.#model;
    return writeState({ facts: { weights: weights.length }, arrays: { weights } });
  }
}

/** Goes on from the weights that the ring has trained; without a new outcome there is nothing to refit. */
async function refit(
  network: TrainedNetwork,
  states: NetworkStates,
  { tables, knownBy }: FitData,
  settings: RefitSettings,
  { seed, signal, progress }: FitContext,
): Promise<Float32Array> {
  const { model, scaling, trainedBy } = network;
  if (knownBy <= trainedBy) return model.weights;
  const data: RefitIssues[] = [];
  for (const table of tables) {
    requireColumns(
      table,
      scaling.columns.map(({ name }) => name),
      NAME,
    );
    const issues = issuesKnownBy(table, knownBy);
    const { states: all, known } = await states.at(table);
    const targets = Float32Array.from({ length: issues * table.horizon }, (_, cell) =>
      known[Math.floor(cell / table.horizon)] && isKnown(table, cell, knownBy)
        ? logRatio(table, cell)
        : Number.NaN,
    );
    const values = standardised(issuesOf(table, { from: 0, to: issues }), scaling, table.region);
    const width = model.config.width;
    data.push({ region: table.region, states: all.subarray(0, issues * width), values, targets });
    signal.throwIfAborted();
  }
  const controls = { signal, ...(progress && { progress }) };
  return refitHead(model, data, { ...settings, seed }, controls);
}

/** States by the hour they stand at, with the end of the window that each was read from. */
interface RegionStates {
  record: object | undefined;
  states: Map<number, { state: Float32Array; windowEnds: number }>;
}

/** The network's states at issues, each computed once: neither refits nor other tables change them. */
class NetworkStates {
  readonly #network: TrainedNetwork;
  readonly #source: SequenceSource;
  readonly #kept = new Map<string, RegionStates>();

  constructor(network: TrainedNetwork, source: SequenceSource) {
    this.#network = network;
    this.#source = source;
    if (network.model.issueHead) return;
    throw new BadInputError(
      'The model was trained without issue tables and cannot answer for target hours.',
      'Cut the sequences again and train on them.',
    );
  }

  /** M × width for all issues of a table, and which have a state: those whose newest known hour is on record. */
  async at({ region, standingAt }: IssueTable): Promise<{ states: Float32Array; known: boolean[] }> {
    const { model } = this.#network;
    const { first, hours } = await this.#source.hoursOf(region);
    const rows = Array.from(standingAt, (at) => (at - first) / HOUR_SECONDS);
    const kept = this.#keptOf(region);
    const known = rows.map((row) => row >= 0 && row < hours);
    const missing = rows.filter((_, i) => known[i] && !kept.has(standingAt[i]!));
    const { width } = model.config;
    const timeOf = (row: number) => first + row * HOUR_SECONDS;
    for (const { from, to, read, whole } of this.#windows(missing, hours, first)) {
      const inputs = await this.#source.inputsOf(region, from, to);
      const at = Int32Array.from(read, (row) => row - from);
      const found = await model.states(inputs, to - from, region, at);
      // A window that goes on with the record is another one tomorrow.
      const windowEnds = whole ? timeOf(to) : Infinity;
      read.forEach((row, m) =>
        kept.set(timeOf(row), { state: found.slice(m * width, (m + 1) * width), windowEnds }),
      );
    }
    const states = new Float32Array(rows.length * width);
    standingAt.forEach((at, i) => known[i] && states.set(kept.get(at)!.state, i * width));
    return { states, known };
  }

  /** What still holds of the region: of an older record what was read from windows that are the same in this one. */
  #keptOf(region: string): RegionStates['states'] {
    const { records } = this.#source;
    const record = records?.of(region);
    const before = this.#kept.get(region);
    if (before && before.record === record) return before.states;
    const until = before?.record && records ? records.sameBefore(region, before.record) : -Infinity;
    const states = new Map([...(before?.states ?? [])].filter(([, { windowEnds }]) => windowEnds <= until));
    this.#kept.set(region, { record, states });
    return states;
  }

  #windows(missing: readonly number[], hours: number, first: number) {
    const { sequenceLength } = this.#network;
    if (this.#source.records) return fixedWindows(missing, sequenceLength, hours, first);
    return planWindows(missing, sequenceLength, hours).map((window) => ({ ...window, whole: true }));
  }
}
