import { projectionWidth, shapeOf } from '../model/heads.ts';
import { EPSILON, STEEPNESS } from '../model/elementwise.ts';
import { attendedBy, keyPositions } from './attention-graph.ts';
import type { GraphBuilder } from './graph-builder.ts';
import { BATCH, type Value } from './graph.ts';
import type { ParameterOf, RegisteredNetwork } from './network.ts';

/** What a network's parts are written with. */
export interface Writing {
  g: GraphBuilder;
  config: RegisteredNetwork['config'];
  parameter: ParameterOf;
  /** Batch; index into the model's regions. */
  region: Value;
  /** As `AttentionOptions` has it. */
  queries?: number | undefined;
}

/** A parameter as a constant of the graph. */
export function weight({ g, parameter }: Writing, name: string): Value {
  const { data, shape, int8 } = parameter(name);
  return g.constant(name, data, shape, int8);
}

/** The row of each item's region, as batch × …shape. */
export function regionWeight(writing: Writing, name: string, shape: readonly number[]): Value {
  const { g, region } = writing;
  return g.reshape(g.gather(weight(writing, name), region), [BATCH, ...shape]);
}

/** Root-mean-square normalisation of the last axis, times `gain`. */
export function normalised(writing: Writing, x: Value, gain: string): Value {
  const { g } = writing;
  const size = g.sqrt(g.add(g.mean(g.multiply(x, x)), EPSILON));
  return g.multiply(g.divide(x, size), weight(writing, gain));
}

/** x·σ(1.702·x). */
export function gelu({ g }: Writing, x: Value): Value {
  return g.multiply(x, g.sigmoid(g.multiply(x, STEEPNESS)));
}

/**
 * The network's state at the last hour of each history (batch × width): all that its heads see of it. Of the last layer
 * nothing else is computed.
 */
export function lastState(writing: Writing, inputs: Value, knownHours: Value): Value {
  const { g, config } = writing;
  const hours = inputs.shape[1]!;
  const keys = keyPositions(g, hours, knownHours);
  let x = g.add(
    g.matmul(inputs, weight(writing, 'embed.input')),
    regionWeight(writing, 'embed.region', [1, config.width]),
  );
  for (let layer = 0; layer < config.layers; layer++) {
    const from = layer === config.layers - 1 ? hours - 1 : 0;
    x = think(writing, layer, g.slice(x, 1, from, hours), attend(writing, layer, x, from, keys));
  }
  return g.reshape(x, [BATCH, config.width]);
}

/** What attention gives the hours from `from` on: batch × hours × width. */
function attend(writing: Writing, layer: number, x: Value, from: number, keys: Value): Value {
  const { g, config } = writing;
  const name = `layer.${layer}.attention`;
  const { data, int8 } = writing.parameter(`${name}.qkv`);
  const shape = shapeOf(config);
  const columns = projectionWidth(shape);
  const hours = x.shape[1]!;
  const unit = normalised(writing, x, `${name}.gain`);
  let at = 0;
  const project = (part: string, heads: number, rows: Value): Value => {
    const width = heads * shape.headDim;
    const [from, to] = [at, at + width];
    const own = int8 && {
      values: columnsOf(int8.values, columns, from, width),
      scales: int8.scales.slice(from, to),
    };
    const values = columnsOf(data, columns, from, width);
    const weights = g.constant(`${name}.${part}`, values, [config.width, width], own);
    at = to;
    const split = g.reshape(g.matmul(rows, weights), [BATCH, rows.shape[1]!, heads, shape.headDim]);
    return g.transpose(split, [0, 2, 1, 3]);
  };
  const q = project('q', shape.heads, g.slice(unit, 1, from, hours));
  const k = project('k', shape.kvHeads, unit);
  const v = project('v', shape.kvHeads, unit);
  const out = attendedBy(g, { q, k, v }, keys, {
    ...{ ...shape, window: config.window },
    ...{ from, queries: writing.queries },
  });
  return g.reshape(g.transpose(out, [0, 2, 1, 3]), [BATCH, hours - from, config.width]);
}

/** x + o·W, then + MLP. */
function think(writing: Writing, layer: number, x: Value, attended: Value): Value {
  const { g } = writing;
  const mlp = `layer.${layer}.mlp`;
  const mixed = g.add(x, g.matmul(attended, weight(writing, `layer.${layer}.attention.out`)));
  const inward = g.matmul(normalised(writing, mixed, `${mlp}.gain`), weight(writing, `${mlp}.in`));
  const hidden = gelu(writing, g.add(inward, weight(writing, `${mlp}.bias`)));
  return g.add(mixed, g.matmul(hidden, weight(writing, `${mlp}.out`)));
}

function columnsOf<Values extends Float32Array | Int8Array>(
  matrix: Values,
  columns: number,
  at: number,
  width: number,
): Values {
  const part = matrix.slice(0, (matrix.length / columns) * width) as Values;
  for (let row = 0; row * columns < matrix.length; row++) {
    part.set(matrix.subarray(row * columns + at, row * columns + at + width), row * width);
  }
  return part;
}
