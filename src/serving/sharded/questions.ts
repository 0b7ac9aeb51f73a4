import { historyHours, type RegisteredNetwork } from '../../export/network.ts';
import type { Bounds } from '../engine/runner.ts';
import { invalidArgument } from '../problem.ts';
import type { ServingSignature } from '../signature.ts';
import { servingTensor, type ServingTensor, type TensorMap } from '../tensor.ts';
import { dealHours } from './place.ts';

/** One history and what is asked about it. All are views of a request. */
export interface Question {
  /** Raw rows that count, oldest first. */
  history: Float32Array;
  hours: number;
  region: number;
  features: Float32Array;
  day: Float32Array;
  baseMw: Float32Array;
}

export interface Answer {
  hourly: Float32Array;
  quantiles: Float32Array;
}

type Served = Pick<RegisteredNetwork, 'config' | 'sequenceLength' | 'answersIssues'>;

const NONE = new Float32Array(0);

export function boundsOf(served: Served): Bounds {
  return new Map([
    ['history_hours', [1, historyHours(served)]],
    ['region', [0, served.config.regions.length - 1]],
  ]);
}

/** @throws ServingProblem INVALID_ARGUMENT where the inputs are not those of the signature */
export function questionsOf(served: Served, signature: ServingSignature, inputs: TensorMap): Question[] {
  const batch = requireInputs(signature, inputs);
  const bounds = boundsOf(served);
  const [, rows] = bounds.get('history_hours')!;
  const channels = served.config.channels.length;
  const data = (name: string) => inputs.get(name)?.data as Float32Array | undefined;
  const known = inputs.get('history_hours')!.data as Int32Array;
  const regions = inputs.get('region')!.data as Int32Array;
  return Array.from({ length: batch }, (_, item) => {
    const [hours, region] = [known[item]!, regions[item]!];
    requireWithin('history_hours', hours, bounds);
    requireWithin('region', region, bounds);
    const ofItem = (values: Float32Array | undefined) =>
      values?.subarray((item * values.length) / batch, ((item + 1) * values.length) / batch) ?? NONE;
    return {
      history: ofItem(data('history')).subarray((rows - hours) * channels),
      ...{ hours, region },
      ...{ features: ofItem(data('issue_features')), day: ofItem(data('issue_day')) },
      baseMw: ofItem(data('base_mw')),
    };
  });
}

/** Answers one after another, as the signature's outputs. */
export function outputsOf(signature: ServingSignature, answers: readonly Answer[]): TensorMap {
  const outputs = new Map<string, ServingTensor>();
  for (const { name, dtype, shape } of signature.outputs) {
    const rows = answers.map(({ hourly, quantiles }) => (name === 'hourly_ratio' ? hourly : quantiles));
    const data = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const row of rows) {
      data.set(row, at);
      at += row.length;
    }
    outputs.set(name, servingTensor(dtype, [answers.length, ...shape!.slice(1)], data));
  }
  return outputs;
}

/** The raw rows of a shard's hours, as views of the history: runs of hours, and zeros for padding. */
export function rowsOfRank(
  { history, hours }: Pick<Question, 'history' | 'hours'>,
  { rank, ranks }: { rank: number; ranks: number },
): Float32Array[] {
  const channels = history.length / hours;
  const { positions } = dealHours(hours, ranks);
  const own = positions[rank]!;
  const parts: Float32Array[] = [];
  for (let from = 0, at = 1; at <= own.length; at++) {
    if (at < own.length && own[at] === (own[from]! < 0 ? own[from] : own[at - 1]! + 1)) continue;
    parts.push(
      own[from]! < 0
        ? new Float32Array((at - from) * channels)
        : history.subarray(own[from]! * channels, (own[from]! + at - from) * channels),
    );
    from = at;
  }
  return parts;
}

/** The size of the batch, once all inputs are there, and nothing else is. */
function requireInputs({ inputs: ports }: ServingSignature, inputs: TensorMap): number {
  const batch = inputs.get('history')?.shape[0] ?? 0;
  for (const { name, dtype, shape } of ports) {
    const given = inputs.get(name);
    const wanted = [batch, ...shape!.slice(1)].join(', ');
    if (given?.dtype !== dtype || given.shape.join(', ') !== wanted || batch === 0) {
      const found = given ? `${given.dtype} [${given.shape.join(', ')}]` : 'missing';
      throw invalidArgument(`The input ${name} is ${found}, not ${dtype} [${wanted}].`);
    }
  }
  for (const name of inputs.keys())
    if (!ports.some((port) => port.name === name))
      throw invalidArgument('There is an input that the signature does not have.');
  return batch;
}

function requireWithin(name: string, value: number, bounds: Bounds): void {
  const [least, most] = bounds.get(name)!;
  if (value >= least && value <= most) return;
  throw invalidArgument(`A value of ${name} is ${value}, and must be ${least} to ${most}.`);
}
