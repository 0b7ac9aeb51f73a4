import { deepEqual, equal } from 'node:assert/strict';
import { warmUp } from '../../../src/serving/engine/warm-up.ts';
import type { ServingPort } from '../../../src/serving/signature.ts';
import type { TensorMap } from '../../../src/serving/tensor.ts';

const port = (name: string, dtype: ServingPort['dtype'], ...sizes: number[]): ServingPort => ({
  ...{ name, dtype, tensor: `${name}:0` },
  shape: [-1, ...sizes],
});

describe('warming a model up', () => {
  it('asks for whole batches of rows that differ, within what inputs may be', async () => {
    const asked: TensorMap[] = [];
    const inputs = [port('history', 'float32', 2), port('place', 'int32'), port('hours', 'int32')];
    const run = async (_: string, given: TensorMap) => {
      asked.push(given);
      return new Map();
    };
    const signatures = new Map([
      ['serving_default', { method: 'tensorflow/serving/predict' as const, inputs, outputs: [] }],
    ]);
    await warmUp({ signatures, bounds: new Map([['hours', [1, 24]]]), run }, 3);
    const of = (name: string) => [...(asked.at(-1)!.get(name)!.data as Float32Array)];
    deepEqual(of('history'), [0, 0, 1, 0, 2, 0]);
    deepEqual(
      [of('place'), of('hours')],
      [
        [0, 0, 0],
        [24, 24, 24],
      ],
    );
    equal(asked[0]!.get('history')!.shape[0], 1);
  });
});
