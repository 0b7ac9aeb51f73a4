import type { ModelConfig } from '../../src/model/config.ts';
import { layoutOf } from '../../src/model/parameters.ts';

type Numbers = ArrayLike<number>;

/** The network's forward pass once more, in plain float64 loops and without any of its code: outputs are tokens × horizon. */
export function referenceForward(
  config: ModelConfig,
  flat: Numbers,
  inputs: Numbers,
  region: number,
): number[][] {
  const matrix = matricesOf(config, flat);
  return referenceStates(config, flat, inputs, region).map((row, t) =>
    plus(
      plus(times(normed(row, matrix('head.gain')[0]!), matrix('head.out')), matrix('head.region')[region]!),
      times(rowOf(config, inputs, t), matrix('head.direct')),
    ),
  );
}

/** M × (H·levels): the issue head's quantiles at issues that stand at tokens `at`; features are M × H × F. */
export function referenceIssues(
  config: ModelConfig,
  flat: Numbers,
  inputs: Numbers,
  region: number,
  { at, features, day: days }: { at: number[]; features: Numbers; day: Numbers },
): number[][] {
  const { columns, dayColumns, horizon, quantiles } = config.issueHead!;
  const matrix = matricesOf(config, flat);
  const states = referenceStates(config, flat, inputs, region);
  const median = quantiles.indexOf(0.5);
  const featuresAt = (m: number, h: number) =>
    columns.map((_column, c) => features[(m * horizon + h) * columns.length + c]!);
  return at.map((token, m) =>
    Array.from({ length: horizon }, (_hour, h) => {
      const f = featuresAt(m, h);
      const day = dayColumns.map((_column, c) => days[m * dayColumns.length + c]!);
      const own = normed(states[token]!, matrix('issue.gain')[0]!);
      const offsets = plus(matrix('issue.hour')[h]!, matrix('issue.hidden.region')[region]!);
      const parts = plus(
        plus(times(own, matrix('issue.state')), times(day, matrix('issue.day'))),
        times(f, matrix('issue.features')),
      );
      const first = plus(parts, offsets).map(gelu);
      const deep = plus(times(first, matrix('issue.deep')), matrix('issue.deep.bias')[0]!).map(gelu);
      const bias = matrix('issue.bias.region')[region]!.slice(
        h * quantiles.length,
        (h + 1) * quantiles.length,
      );
      const steps = plus(times(plus(deep, first), matrix('issue.out')), bias);
      const direct = matrix('issue.direct.region')[region]!.slice(
        h * columns.length,
        (h + 1) * columns.length,
      );
      const ofDay = matrix('issue.direct.day.region')[region]!.slice(h * day.length, (h + 1) * day.length);
      const dot = (x: number[], w: number[]) => x.reduce((sum, value, c) => sum + value * w[c]!, 0);
      const centre = steps[median]! + dot(f, direct) + dot(day, ofDay);
      const softplus = (x: number) => Math.log(1 + Math.exp(x));
      const between = (from: number, to: number) =>
        steps.slice(from, to).reduce((sum, step) => sum + softplus(step), 0);
      return quantiles.map((_level, q) =>
        q < median ? centre - between(q, median) : centre + between(median + 1, q + 1),
      );
    }).flat(),
  );
}

const matricesOf = (config: ModelConfig, flat: Numbers) => {
  const { byName } = layoutOf(config);
  return (name: string) => {
    const { offset, shape } = byName.get(name)!;
    return Array.from({ length: shape[0] }, (_, i) =>
      Array.from({ length: shape[1] }, (_column, j) => flat[offset + i * shape[1] + j]!),
    );
  };
};
const rowOf = ({ channels }: ModelConfig, inputs: Numbers, t: number) =>
  Array.from({ length: channels.length }, (_channel, c) => inputs[t * channels.length + c]!);
const times = (x: number[], w: number[][]) =>
  w[0]!.map((_first, j) => x.reduce((sum, value, i) => sum + value * w[i]![j]!, 0));
const plus = (a: number[], b: number[]) => a.map((value, i) => value + b[i]!);
const normed = (x: number[], gain: number[]) => {
  const square = x.reduce((sum, value) => sum + value * value, 0) / x.length;
  return x.map((value, i) => (value / Math.sqrt(square + 1e-6)) * gain[i]!);
};
const gelu = (x: number) => x / (1 + Math.exp(-1.702 * x));

/** What the last layer puts out: tokens × width. */
function referenceStates(config: ModelConfig, flat: Numbers, inputs: Numbers, region: number): number[][] {
  const { width, heads, kvHeads, window = Infinity, layers, channels } = config;
  const matrix = matricesOf(config, flat);
  const rows = Array.from({ length: inputs.length / channels.length }, (_, t) => rowOf(config, inputs, t));
  let x = rows.map((row) => plus(times(row, matrix('embed.input')), matrix('embed.region')[region]!));
  const headDim = width / heads;
  const rotated = (vector: number[], t: number) => {
    const half = headDim / 2;
    return vector.map((value, i) => {
      const pair = i % half;
      const angle = t * 10_000 ** ((-2 * pair) / headDim);
      return i < half
        ? value * Math.cos(angle) - vector[i + half]! * Math.sin(angle)
        : value * Math.cos(angle) + vector[i - half]! * Math.sin(angle);
    });
  };
  for (let layer = 0; layer < layers; layer++) {
    const at = (name: string) => matrix(`layer.${layer}.${name}`);
    const qkv = x.map((row) => times(normed(row, at('attention.gain')[0]!), at('attention.qkv')));
    // Queries of all heads, then keys, then values of the kvHeads that groups of them share.
    const begins = [0, width, width + kvHeads * headDim];
    const part = (t: number, which: number, head: number) => {
      const own = which === 0 ? head : Math.floor((head * kvHeads) / heads);
      const from = begins[which]! + own * headDim;
      const vector = qkv[t]!.slice(from, from + headDim);
      return which < 2 ? rotated(vector, t) : vector;
    };
    const attended = x.map((_, t) =>
      Array.from({ length: heads }, (_head, head) => {
        const q = part(t, 0, head);
        const scores = Array.from({ length: t + 1 }, (_score, s) =>
          t - s < window
            ? Math.exp(part(s, 1, head).reduce((sum, k, c) => sum + k * q[c]!, 0) / Math.sqrt(headDim))
            : 0,
        );
        const total = scores.reduce((a, b) => a + b, 0);
        return q.map((_value, c) =>
          scores.reduce((sum, score, s) => sum + (score / total) * part(s, 2, head)[c]!, 0),
        );
      }).flat(),
    );
    x = x.map((row, t) => {
      const mixed = plus(row, times(attended[t]!, at('attention.out')));
      const hidden = plus(times(normed(mixed, at('mlp.gain')[0]!), at('mlp.in')), at('mlp.bias')[0]!).map(
        gelu,
      );
      return plus(mixed, times(hidden, at('mlp.out')));
    });
  }
  return x;
}
