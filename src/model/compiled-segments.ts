import type { Compiled } from '../native/compiled.ts';
import type { Matrix } from './segments.ts';

/**
 * The segments as the compiled kernels compute them: no intermediate of one leaves its call, and what the way back
 * does not ask for is not computed again. Each says the same as its namesake in `segments.ts`; a test holds them
 * against each other.
 */
export interface CompiledSegment {
  /** Writes the value into `y`. */
  run(by: Compiled, args: readonly Matrix[], y: Float32Array): void;
  /** Adds the gradients of all arguments to `into`. */
  back(by: Compiled, args: readonly Matrix[], dy: Float32Array, into: readonly Float32Array[]): void;
}

export const embedCompiled = (inputs: Matrix): CompiledSegment => ({
  run: ({ kernels, threads }, args, y) =>
    kernels.embedForward({ ...inputsOf(inputs), ...named(['weights', 'region'], data(args)), y, threads }),
  back: ({ kernels, threads }, _, dy, into) =>
    kernels.embedBackward({ ...inputsOf(inputs), dy, ...named(['dweights', 'dregion'], into), threads }),
});

export const projectCompiled: CompiledSegment = {
  run: ({ kernels, threads }, args, y) =>
    kernels.projectForward({ ...named(['x', 'gain', 'weights'], data(args)), y, threads }),
  back: ({ kernels, threads }, args, dy, into) =>
    kernels.projectBackward({
      ...named(['x', 'gain', 'weights'], data(args)),
      dy,
      ...named(['dx', 'dgain', 'dweights'], into),
      threads,
    }),
};

const THINK = ['x', 'attended', 'out', 'gain', 'inward', 'bias', 'outward'] as const;
const D_THINK = ['dx', 'dattended', 'dout', 'dgain', 'dinward', 'dbias', 'doutward'] as const;

export const thinkCompiled: CompiledSegment = {
  run: ({ kernels, threads }, args, y) => kernels.thinkForward({ ...named(THINK, data(args)), y, threads }),
  back: ({ kernels, threads }, args, dy, into) =>
    kernels.thinkBackward({ ...named(THINK, data(args)), dy, ...named(D_THINK, into), threads }),
};

export const predictCompiled = (inputs: Matrix): CompiledSegment => ({
  run: ({ kernels, threads }, args, y) =>
    kernels.predictForward({
      ...inputsOf(inputs),
      ...named(['x', 'gain', 'out', 'region', 'direct'], data(args)),
      y,
      threads,
    }),
  back: (by, args, dy, into) => {
    const [x, gain, out, region, direct] = args as [Matrix, Matrix, Matrix, Matrix, Matrix];
    const [dx, dgain, dout, dregion, ddirect] = into as Five;
    projectCompiled.back(by, [x, gain, out], dy, [dx, dgain, dout]);
    embedCompiled(inputs).back(by, [direct, region], dy, [ddirect, dregion]);
  },
});

type Five = [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];

const inputsOf = ({ data: inputs, shape: [, channels] }: Matrix) => ({ inputs, channels });

const data = (args: readonly Matrix[]) => args.map((matrix) => matrix.data);

function named<Name extends string>(
  names: readonly Name[],
  arrays: readonly Float32Array[],
): Record<Name, Float32Array> {
  return Object.fromEntries(names.map((name, at) => [name, arrays[at]!])) as Record<Name, Float32Array>;
}
