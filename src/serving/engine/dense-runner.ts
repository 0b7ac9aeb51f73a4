import { compiled, type Compiled } from '../../native/compiled.ts';
import type { Signatures } from '../signature.ts';
import { sizeOf, type TensorMap } from '../tensor.ts';
import type { DenseChain, DenseStep } from './dense-chain.ts';
import type { Runner } from './runner.ts';

/**
 * Dense layers by the compiled products alone, in arrays that are kept: TensorFlow.js takes as long again to carry ten
 * small tensors from one operation to the next. Undefined where there are no kernels.
 */
export function denseRunner(
  chains: ReadonlyMap<string, DenseChain>,
  signatures: Signatures,
  sha256: string,
): Runner | undefined {
  const kernels = compiled();
  if (!kernels) return undefined;
  const space: Float32Array[] = [];
  return {
    ...{ signatures, sha256, bytes: bytesOf(chains) },
    run: (name, inputs) => answer(chains.get(name)!, inputs, kernels, space),
    close: () => undefined,
  };
}

function answer(chain: DenseChain, inputs: TensorMap, kernels: Compiled, space: Float32Array[]): TensorMap {
  const { shape, data } = inputs.get(chain.input)!;
  const rows = shape[0]!;
  // What is handed over may be written to.
  let values = data as Float32Array;
  for (const [i, step] of chain.steps.entries()) values = done(step, values, kernels, space, i);
  const own = values.slice(0, rows * sizeOf(chain.outputShape));
  return new Map([[chain.output, { dtype: 'float32', shape: [rows, ...chain.outputShape], data: own }]]);
}

function done(
  step: DenseStep,
  values: Float32Array,
  { kernels, threads }: Compiled,
  space: Float32Array[],
  at: number,
): Float32Array {
  switch (step.kind) {
    case 'product': {
      const { weights, inner, columns, transposed } = step;
      const given = values.length / inner;
      const rows = Math.max(2, given);
      const out = kept(space, 2 * at, rows * columns);
      // One row alone is computed another way, which takes half as long again as two: zeros are put beside it.
      const a = given === 1 ? kept(space, 2 * at + 1, rows * inner) : values;
      if (given === 1) a.set(values);
      kernels.product({
        ...{ a, b: weights, out, rows, inner, columns },
        ...{ transposeA: false, transposeB: transposed, accumulate: false, threads },
      });
      return out.subarray(0, given * columns);
    }
    case 'bias': {
      const { values: bias } = step;
      for (let row = 0; row < values.length; row += bias.length) {
        for (let i = 0; i < bias.length; i++) values[row + i] = values[row + i]! + bias[i]!;
      }
      return values;
    }
    case 'relu':
      // NaN stays NaN, as in TensorFlow's Maximum and Relu.
      for (let i = 0; i < values.length; i++) if (values[i]! < 0) values[i] = 0;
      return values;
    case 'sigmoid':
      for (let i = 0; i < values.length; i++) values[i] = 1 / (1 + Math.exp(-values[i]!));
      return values;
    case 'tanh':
      for (let i = 0; i < values.length; i++) values[i] = Math.tanh(values[i]!);
      return values;
  }
}

/** Zeros at first, then whatever was left there. */
function kept(space: Float32Array[], place: number, length: number): Float32Array {
  let array = space[place];
  if (!array || array.length < length) space[place] = array = new Float32Array(length);
  return array.length === length ? array : array.subarray(0, length);
}

function bytesOf(chains: ReadonlyMap<string, DenseChain>): number {
  let bytes = 0;
  for (const { steps } of chains.values()) {
    for (const step of steps) {
      if (step.kind === 'product') bytes += step.weights.byteLength;
      if (step.kind === 'bias') bytes += step.values.byteLength;
    }
  }
  return bytes;
}
