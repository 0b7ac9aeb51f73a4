import type {
  BlockGradient,
  BlockOptions,
  KeyValueBlock,
  OutputGradient,
  QueryBlock,
} from './block-attention.ts';

/** All that a backward step reads and writes. */
export interface BackwardStep {
  gradient: BlockGradient;
  output: OutputGradient;
  queries: QueryBlock;
  keyValues: KeyValueBlock;
  options: BlockOptions;
}

interface Range {
  heads: [number, number];
  kvHeads: [number, number];
}

/**
 * The same step in two, by heads: whole groups that share keys where there are several, else the queries' heads. A
 * single head stays whole.
 */
export function halvesOf(step: BackwardStep): [BackwardStep, BackwardStep?] {
  const { heads, kvHeads } = step.options;
  if (heads < 2) return [step];
  const middle = Math.ceil(kvHeads / 2);
  const cut = kvHeads === 1 ? Math.ceil(heads / 2) : (middle * heads) / kvHeads;
  return [
    onHeads(step, { heads: [0, cut], kvHeads: [0, middle] }),
    onHeads(step, { heads: [cut, heads], kvHeads: [kvHeads === 1 ? 0 : middle, kvHeads] }),
  ];
}

/** Views, nothing is copied: heads are the outermost dimension. */
function onHeads(step: BackwardStep, { heads, kvHeads }: Range): BackwardStep {
  const { gradient, output, queries, keyValues, options } = step;
  const rows = queries.positions.length;
  const ofHeads = (values: Float32Array, perRow: number) =>
    values.subarray(heads[0] * rows * perRow, heads[1] * rows * perRow);
  const keys = keyValues.positions.length * options.headDim;
  const ofKeys = (values: Float32Array) => values.subarray(kvHeads[0] * keys, kvHeads[1] * keys);
  return {
    gradient: {
      dq: ofHeads(gradient.dq, options.headDim),
      dk: ofKeys(gradient.dk),
      dv: ofKeys(gradient.dv),
    },
    output: {
      dOut: ofHeads(output.dOut, options.headDim),
      lse: ofHeads(output.lse, 1),
      delta: ofHeads(output.delta, 1),
    },
    queries: { ...queries, q: ofHeads(queries.q, options.headDim) },
    keyValues: { ...keyValues, k: ofKeys(keyValues.k), v: ofKeys(keyValues.v) },
    options: { ...options, heads: heads[1] - heads[0], kvHeads: kvHeads[1] - kvHeads[0] },
  };
}
