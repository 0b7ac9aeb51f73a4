import type { RegisteredNetwork } from '../../../src/export/network.ts';
import { historyHours } from '../../../src/export/network.ts';
import type { Tensor } from '../../../src/lake/safetensors.ts';
import { sizeOf, type NumericData, type TensorMap } from '../../../src/serving/tensor.ts';
import { requireAnswers } from '../../export/require-answers.ts';
import { batchOf, type Batch } from '../../export/samples.ts';
import { smallSamples } from '../../export/small-samples.ts';

/** Histories of these lengths in one batch, and what the network itself answers to them. */
export async function batchFor(network: RegisteredNetwork, lengths: readonly number[]): Promise<Batch> {
  const samples = await smallSamples(network, lengths);
  return batchOf(samples, historyHours(network), network.config.channels.length);
}

/** Copies: what is asked is given away. */
export function inputsOf({ inputs }: Pick<Batch, 'inputs'>): TensorMap {
  return new Map(
    Object.entries(inputs).map(([name, { data, shape, dtype }]: [string, Tensor]) => [
      name,
      { dtype: dtype === 'I32' ? 'int32' : 'float32', shape, data: data.slice() as NumericData },
    ]),
  );
}

export function requireAnswered(outputs: TensorMap, batch: Batch): void {
  const found = [...outputs].map(([name, { shape, data }]) => [
    name,
    { shape: [...shape], data: data as Float32Array },
  ]);
  requireAnswers(Object.fromEntries(found), batch);
}

/** A history of zeros alone. */
export const plainInputs = (network: RegisteredNetwork): Batch['inputs'] => {
  const { config } = network;
  const hours = historyHours(network);
  const head = config.issueHead!;
  const floats = (...shape: number[]) => ({
    dtype: 'F32' as const,
    shape,
    data: new Float32Array(sizeOf(shape)),
  });
  return {
    history: floats(1, hours, config.channels.length),
    history_hours: { dtype: 'I32', shape: [1], data: Int32Array.of(hours) },
    region: { dtype: 'I32', shape: [1], data: Int32Array.of(0) },
    issue_features: floats(1, head.horizon, head.columns.length),
    issue_day: floats(1, head.dayColumns.length),
    base_mw: floats(1, head.horizon),
  };
};
