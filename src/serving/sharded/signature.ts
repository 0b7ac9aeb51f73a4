import { BATCH } from '../../export/graph.ts';
import { historyHours, type RegisteredNetwork } from '../../export/network.ts';
import { DEFAULT_SIGNATURE, type ServingPort, type Signatures } from '../signature.ts';
import type { Dtype } from '../tensor.ts';

/**
 * The signatures of a network's graph, without the graph (which holds the weights): a caller cannot tell whether a
 * version is sharded. A test holds it against `networkGraph`.
 */
export function signaturesOf({
  config,
  sequenceLength,
  answersIssues,
}: Pick<RegisteredNetwork, 'config' | 'sequenceLength' | 'answersIssues'>): Signatures {
  const hours = historyHours({ config, sequenceLength });
  const head = answersIssues ? config.issueHead : undefined;
  const inputs = [
    port('history', [hours, config.channels.length]),
    port('history_hours', [], 'int32'),
    port('region', [], 'int32'),
  ];
  const outputs = [port('hourly_ratio', [config.horizon])];
  if (head) {
    inputs.push(port('issue_features', [head.horizon, head.columns.length]));
    if (head.dayColumns.length > 0) inputs.push(port('issue_day', [head.dayColumns.length]));
    inputs.push(port('base_mw', [head.horizon]));
    outputs.push(port('quantiles_mw', [head.horizon, head.quantiles.length]));
  }
  const method = 'tensorflow/serving/predict';
  return new Map([
    [DEFAULT_SIGNATURE, { method, inputs: inputs.toSorted(byName), outputs: outputs.toSorted(byName) }],
  ]);
}

const byName = (a: ServingPort, b: ServingPort) => (a.name < b.name ? -1 : 1);

const port = (name: string, axes: readonly number[], dtype: Dtype = 'float32'): ServingPort => ({
  ...{ name, dtype, tensor: `${name}:0` },
  shape: [BATCH, ...axes],
});
