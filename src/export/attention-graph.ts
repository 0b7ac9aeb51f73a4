import type { HeadShape } from '../attention/block-attention.ts';
import { rotationOf } from '../model/rotary.ts';
import type { GraphBuilder } from './graph-builder.ts';
import { BATCH, type Value } from './graph.ts';

/** Floats of the scores that one item of a batch has at a time: 64 MB. */
const WIDEST = 2 ** 24;
/** No fewer queries at a time: the graph of a year would have thousands of operations. */
const LEAST_QUERIES = 256;

/** Later than any hour: what no query sees. */
const NEVER = 1e9;
/** Of an hour that is not seen: its weight is 0 in float32. */
const UNSEEN = -1e9;

/**
 * The hours of the history as positions, batch × 1 × 1 × hours. Of a history that begins later the hours before are
 * nowhere. They depend on an input, so that no runtime computes the masks made of them in advance and keeps them.
 */
export function keyPositions(g: GraphBuilder, hours: number, knownHours: Value): Value {
  const positions = g.constant('positions', ramp(0, hours), [1, hours]);
  const first = g.reshape(g.subtract(hours, g.toFloat(knownHours)), [BATCH, 1]);
  const known = g.where(g.greaterEqual(positions, first), positions, NEVER);
  return g.reshape(known, [BATCH, 1, 1, hours]);
}

export interface AttentionOptions {
  /** The first hour that asks. */
  from: number;
  window: number | undefined;
  /** How many ask at a time; default: as many as `WIDEST` lets. */
  queries?: number | undefined;
}

interface Projections {
  /** batch × heads × queries × headDim */
  q: Value;
  /** batch × kvHeads × hours × headDim */
  k: Value;
  v: Value;
}

/**
 * Causal attention of the hours from `from` on (batch × heads × queries × headDim), some queries at a time against the
 * hours before them: neither memory nor work is that of the whole square.
 */
export function attendedBy(
  g: GraphBuilder,
  { q, k, v }: Projections,
  keys: Value,
  { from, window, queries, ...shape }: HeadShape & AttentionOptions,
): Value {
  const hours = k.shape[2]!;
  const step = queries ?? Math.max(LEAST_QUERIES, Math.floor(WIDEST / (shape.heads * hours)));
  const turnedQ = turned(g, q, shape.headDim, from, hours);
  const turnedK = g.transpose(turned(g, k, shape.headDim, 0, hours), [0, 1, 3, 2]);
  const parts: Value[] = [];
  for (let begin = from; begin < hours; begin += step) {
    const end = Math.min(hours, begin + step);
    const first = window === undefined ? 0 : Math.max(0, begin - window + 1);
    parts.push(
      attendedPart(g, shape, {
        ...{ q: g.slice(turnedQ, 2, begin - from, end - from), k: g.slice(turnedK, 3, first, end) },
        ...{ v: g.slice(v, 2, first, end), keys: g.slice(keys, 3, first, end), begin, window },
      }),
    );
  }
  return g.concat(parts, 2);
}

/** The heads that share keys and values are laid one after another, as if they were more queries of one head. */
function attendedPart(
  g: GraphBuilder,
  { heads, kvHeads, headDim }: HeadShape,
  part: Projections & { keys: Value; begin: number; window: number | undefined },
): Value {
  const { q, k, v, keys, begin, window } = part;
  const queries = q.shape[2]!;
  const sharing = heads / kvHeads;
  const rows = sharing * queries;
  const positions = Float32Array.from({ length: rows }, (_, row) => begin + (row % queries));
  const at = (name: string, data: Float32Array) =>
    g.constant(`${name}.${begin}.${rows}`, data, [1, 1, rows, 1]);
  const past = g.greaterEqual(at('queries', positions), keys);
  const near =
    window === undefined
      ? past
      : g.and(
          past,
          g.less(
            at(
              'queries.reach',
              positions.map((position) => position - window),
            ),
            keys,
          ),
        );
  const scores = g.multiply(
    g.matmul(g.reshape(q, [BATCH, kvHeads, rows, headDim]), k),
    1 / Math.sqrt(headDim),
  );
  const shares = g.softmax(g.where(near, scores, UNSEEN));
  return g.reshape(g.matmul(shares, v), [BATCH, heads, queries, headDim]);
}

/** Rotary positions (`model/rotary.ts`); hours from `from` up to, without, `to`. */
function turned(g: GraphBuilder, x: Value, headDim: number, from: number, to: number): Value {
  const half = headDim / 2;
  const { cos, sin } = rotationOf(Int32Array.from(ramp(0, to)), headDim);
  const table = (name: string, data: Float32Array) =>
    g.slice(g.constant(`rotary.${name}`, data, [to, half]), 0, from, to);
  const [c, s] = [table('cos', cos), table('sin', sin)];
  const [a, b] = [g.slice(x, 3, 0, half), g.slice(x, 3, half, headDim)];
  const turnedA = g.subtract(g.multiply(a, c), g.multiply(b, s));
  const turnedB = g.add(g.multiply(a, s), g.multiply(b, c));
  return g.concat([turnedA, turnedB], 3);
}

function ramp(from: number, to: number): Float32Array {
  return Float32Array.from({ length: to - from }, (_, i) => from + i);
}
