import { shapeOf } from '../model/heads.ts';
import { chunksOf, rowsOf } from '../model/chunks.ts';
import type { ModelConfig } from '../model/config.ts';
import { attend, causalBlock, matrixOf, putAway, think, type Attended, type Pass } from '../model/layer.ts';
import { ParameterViews } from '../model/parameter-views.ts';
import { layoutOf } from '../model/parameters.ts';
import { rotationOf } from '../model/rotary.ts';
import { embed, runSegment } from '../model/segments.ts';
import type { Engine, Tokens } from '../model/transformer.ts';
import { Workspace } from '../model/workspace.ts';

export interface Network {
  config: ModelConfig;
  /** Flat. */
  weights: Float32Array;
}

/**
 * Takes a sequence through the network's layers as a forecast does, and shows each layer's queries, keys and values,
 * which are only there during the call. Returns what the last layer puts out (tokens × width).
 */
export async function throughTrunk(
  { config, weights }: Network,
  tokens: Tokens,
  engine: Engine,
  look: (layer: number, attended: Attended) => Promise<void>,
): Promise<Float32Array> {
  const { positions, inputs } = tokens;
  const { width, layers, channels } = config;
  const pass: Pass = {
    weights: new ParameterViews(layoutOf(config), weights, tokens.region),
    positions,
    rotation: rotationOf(positions, shapeOf(config).headDim),
    chunks: chunksOf(positions.length, config),
    width,
    block: causalBlock(config, engine),
    engine,
    space: new Workspace(),
  };
  pass.space.begin(positions.length);
  let x = pass.space.take(positions.length * width);
  for (const chunk of pass.chunks) {
    const rows = matrixOf(rowsOf(inputs, channels.length, chunk), channels.length);
    runSegment(embed(rows), pass.weights.matrices(['embed.input', 'embed.region']), rowsOf(x, width, chunk));
    await engine.pause();
  }
  for (let layer = 0; layer < layers; layer++) {
    const attended = await attend(pass, layer, x);
    await look(layer, attended);
    const next = await think(pass, layer, x, attended);
    pass.space.give(x);
    putAway(pass, attended);
    x = next;
  }
  return x;
}
