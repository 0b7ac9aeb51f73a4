import type { PredictAnswer } from '../../../src/serving/service.ts';
import { servingTensor, type TensorMap } from '../../../src/serving/tensor.ts';
import type { ShadowAsked } from '../../../src/serving/traffic/shadow/shadow.ts';
import type { TrafficState } from '../../../src/serving/traffic/state.ts';

export const NAME = 'day-ahead';
const AT = '2026-01-01T00:00:00.000Z';

const sha256 = 'a'.repeat(64);

export const inputs: TensorMap = new Map([['x', servingTensor('float32', [2], Float32Array.of(1, 2))]]);

/** What the champion answered: twice its input. */
export const answerOf = (): PredictAnswer => ({
  ...{ model: NAME, version: 1, signature: 's', cached: false },
  outputs: new Map([['y', servingTensor('float32', [2], Float32Array.of(2, 4))]]),
});

/** A candidate that answers the same, and one output more. */
export async function twice({ inputs: given, outputs }: ShadowAsked): Promise<TensorMap> {
  const x = given.get('x')!;
  const y = servingTensor(
    'float32',
    x.shape,
    (x.data as Float32Array).map((value) => 2 * value),
  );
  return new Map([['y', y], ...(outputs ? [['z', x] as const] : [])]);
}

/** Version 2 shadows version 1. */
export const stateOf = ({ share = 1 } = {}): TrafficState => ({
  model: NAME,
  champion: { name: NAME, generation: 3, version: 1, sha256, since: AT, previous: [] },
  ...{ canary: null, test: null },
  shadow: { version: 2, sha256, share, championGeneration: 3, generation: 7 },
});
