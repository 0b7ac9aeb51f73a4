import { BATCH, type Graph, type Port } from './graph.ts';
import { historyHours, type RegisteredNetwork } from './network.ts';

/** What every export says of itself, whatever its format. */
export interface Description {
  format: 'ringwatt-network';
  formatVersion: 1;
  model: string;
  version: number;
  /** Of the version's record. */
  versionSha256: string;
  about: string;
  regions: string[];
  historyHours: number;
  /** Names of the channels of `history`, and how many of them are features that are scaled in the graph. */
  channels: string[];
  featureChannels: number;
  issueColumns: string[];
  dayColumns: string[];
  /** Levels of `quantiles_mw`; none where the version's quantiles are not the network's. */
  quantiles: number[];
  inputs: PortDescription[];
  outputs: PortDescription[];
}

interface PortDescription {
  name: string;
  dtype: string;
  /** −1: any. */
  shape: number[];
  axes: string[];
  unit: string;
  about: string;
}

const ABOUT =
  "Ringwatt's trained network alone: other members of the version's ensemble, its weights, its calibrated intervals " +
  'and what follows recent errors are not in it.';

export function describe(network: RegisteredNetwork, graph: Graph): Description {
  const { model, version, sha256, config, normaliser, answersIssues } = network;
  const head = answersIssues ? config.issueHead : undefined;
  return {
    format: 'ringwatt-network',
    formatVersion: 1,
    model,
    version,
    versionSha256: sha256,
    about: ABOUT,
    regions: config.regions,
    historyHours: historyHours(network),
    channels: config.channels,
    featureChannels: normaliser.columns.length,
    issueColumns: head?.columns ?? [],
    dayColumns: head?.dayColumns ?? [],
    quantiles: head?.quantiles ?? [],
    inputs: graph.inputs.map(portOf),
    outputs: graph.outputs.map(portOf),
  };
}

function portOf({ name, dtype, shape, axes, unit, about }: Port): PortDescription {
  return { name, dtype, shape: [...shape], axes: [...axes], unit, about };
}

/** One line on an input or output. */
export function portLine({ shape, axes, unit, about }: Port): string {
  const sizes = axes.map((axis, i) => (shape[i] === BATCH ? axis : `${shape[i]} ${axis}`));
  return `${sizes.join(' × ')}, ${unit}. ${about}`;
}
