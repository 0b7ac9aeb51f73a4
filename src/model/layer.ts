import {
  ringAttentionBackward,
  ringAttentionForward,
  type AttentionResult,
  type LocalTokens,
  type RingOptions,
} from '../ring/ring-attention.ts';
import { rowsOf, type Chunk } from './chunks.ts';
import type { ModelConfig } from './config.ts';
import { joinHeads, mergeProjection, partHeads, projectionWidth, shapeOf, splitProjection } from './heads.ts';
import type { ParameterViews } from './parameter-views.ts';
import type { Rotation } from './rotary.ts';
import { backSegment, mixAndThink, queriesKeysValues, runSegment, type Matrix } from './segments.ts';
import type { Engine } from './transformer.ts';
import type { Workspace } from './workspace.ts';

/** What all layers of one pass over one sequence share. */
export interface Pass {
  weights: ParameterViews;
  positions: Int32Array;
  rotation: Rotation;
  chunks: Chunk[];
  width: number;
  block: RingOptions;
  engine: Engine;
  space: Workspace;
}

/** How attention runs in every layer of a pass: each hour sees those before it, within the model's window. */
export function causalBlock(config: ModelConfig, engine: Engine): RingOptions {
  const { window } = config;
  return {
    ...shapeOf(config),
    causal: true,
    ...(window === undefined ? {} : { window }),
    ...(engine.travel === undefined ? {} : { travel: engine.travel }),
    pause: () => engine.pause(),
  };
}

/** What attention leaves for the way back. */
export interface Attended {
  local: LocalTokens;
  result: AttentionResult;
}

/** Queries, keys and values of x (tokens × width), and the ring's attention over them. */
export async function attend(pass: Pass, layer: number, x: Float32Array): Promise<Attended> {
  const { engine, block } = pass;
  const local = await project(pass, layer, x);
  return { local, result: await ringAttentionForward(engine.ring, engine.attention, local, block) };
}

/** Queries, keys and values of x, turned by their positions; to be given back with `putAway`. */
export async function project(pass: Pass, layer: number, x: Float32Array): Promise<LocalTokens> {
  const { engine, block, positions, chunks, space } = pass;
  const take = (heads: number) => space.take(heads * positions.length * block.headDim);
  const local: LocalTokens = {
    q: take(block.heads),
    k: take(block.kvHeads),
    v: take(block.kvHeads),
    positions,
  };
  for (const chunk of chunks) {
    const projected = space.take((chunk.to - chunk.from) * projectionWidth(block));
    runSegment(queriesKeysValues, projectionArgs(pass, layer, x, chunk), projected);
    splitProjection(projected, chunk.from, local, block, pass.rotation);
    space.give(projected);
    await engine.pause();
  }
  return local;
}

/** Gives back what a layer's attention was made of. */
export function putAway({ space }: Pass, { local: { q, k, v } }: Pick<Attended, 'local'>): void {
  space.give(q, k, v);
}

/** x of the next layer. */
export async function think(
  pass: Pass,
  layer: number,
  x: Float32Array,
  { result }: Attended,
): Promise<Float32Array> {
  const next = pass.space.take(x.length);
  for (const chunk of pass.chunks) {
    const joined = joinedRows(pass, result, chunk);
    const rows = rowsOf(next, pass.width, chunk);
    runSegment(mixAndThink, mixArgs(pass, layer, x, joined, chunk), rows);
    pass.space.give(joined);
    await pass.engine.pause();
  }
  return next;
}

/** The way back through a layer: turns `dx` from the gradient of what comes out into that of x, in place. */
export async function backLayer(
  pass: Pass,
  layer: number,
  x: Float32Array,
  { local, result }: Attended,
  dx: Float32Array,
  gradient: ParameterViews,
): Promise<void> {
  const { engine, block, chunks, width, space } = pass;
  const dOut = space.take(result.out.length);
  for (const chunk of chunks) {
    const rows = rowsOf(dx, width, chunk);
    const joined = joinedRows(pass, result, chunk);
    const dMixed = space.take(rows.length).fill(0);
    const dAttended = space.take(rows.length).fill(0);
    const args = mixArgs(pass, layer, x, joined, chunk);
    const into = [dMixed, dAttended, ...gradient.arrays(mixNames(layer))];
    backSegment(mixAndThink, args, matrixOf(rows, width), into);
    partHeads(dAttended, chunk.from, dOut, block);
    rows.set(dMixed);
    space.give(joined, dMixed, dAttended);
    await engine.pause();
  }
  const { dq, dk, dv } = await ringAttentionBackward(
    engine.ring,
    engine.attention,
    local,
    result,
    dOut,
    block,
  );
  space.give(dOut);
  putAway(pass, { local });
  const columns = projectionWidth(block);
  for (const chunk of chunks) {
    const merged = space.take((chunk.to - chunk.from) * columns);
    mergeProjection(merged, chunk.from, { q: dq, k: dk, v: dv }, block, pass.rotation);
    const into = [rowsOf(dx, width, chunk), ...gradient.arrays(projectionNames(layer))];
    const args = projectionArgs(pass, layer, x, chunk);
    backSegment(queriesKeysValues, args, matrixOf(merged, columns), into);
    space.give(merged);
    await engine.pause();
  }
}

export const matrixOf = (data: Float32Array, columns: number): Matrix => ({
  data,
  shape: [data.length / columns, columns],
});

function projectionArgs({ weights, width }: Pass, layer: number, x: Float32Array, chunk: Chunk): Matrix[] {
  return [matrixOf(rowsOf(x, width, chunk), width), ...weights.matrices(projectionNames(layer))];
}

/** The rows of what attention put out, the heads side by side; to be given back. */
function joinedRows(
  { space, width, block }: Pass,
  { out }: AttentionResult,
  { from, to }: Chunk,
): Float32Array {
  const joined = space.take((to - from) * width);
  joinHeads(joined, from, out, block);
  return joined;
}

function mixArgs(
  { weights, width }: Pass,
  layer: number,
  x: Float32Array,
  joined: Float32Array,
  chunk: Chunk,
): Matrix[] {
  return [
    matrixOf(rowsOf(x, width, chunk), width),
    matrixOf(joined, width),
    ...weights.matrices(mixNames(layer)),
  ];
}

const projectionNames = (layer: number) => ['gain', 'qkv'].map((name) => `layer.${layer}.attention.${name}`);

const mixNames = (layer: number) => [
  `layer.${layer}.attention.out`,
  ...['gain', 'in', 'bias', 'out'].map((name) => `layer.${layer}.mlp.${name}`),
];
