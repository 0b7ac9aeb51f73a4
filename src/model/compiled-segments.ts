import type { Compiled } from '../native/compiled.ts';
import type { Matrix } from './segments.ts';

/**
 * The segments as the compiled kernels compute them: no intermediate of one leaves its call, and what the way back
 * does not ask for is not computed again. Each says the same as its namesake in `segments.ts`; a test holds them
 * against each other.
 */
export interface CompiledSegment {
  run(by: Compiled, args: readonly Matrix[]): Float32Array;
  back(by: Compiled, args: readonly Matrix[], dy: Float32Array): Float32Array[];
}

/** Zeros of the size of each. */
const like = (...matrices: Matrix[]) => matrices.map(({ data }) => new Float32Array(data.length));

export const embedCompiled = (inputs: Matrix): CompiledSegment => ({
  run: ({ kernels, threads }, args) => {
    const [weights, region] = args as [Matrix, Matrix];
    const y = new Float32Array(inputs.shape[0] * region.data.length);
    kernels.embedForward({ ...inputsOf(inputs), weights: weights.data, region: region.data, y, threads });
    return y;
  },
  back: ({ kernels, threads }, args, dy) => {
    const [dweights, dregion] = like(...args) as [Float32Array, Float32Array];
    kernels.embedBackward({ ...inputsOf(inputs), dy, dweights, dregion, threads });
    return [dweights, dregion];
  },
});

export const projectCompiled: CompiledSegment = {
  run: ({ kernels, threads }, args) => {
    const [x, gain, weights] = args as [Matrix, Matrix, Matrix];
    const y = new Float32Array(x.shape[0] * weights.shape[1]);
    kernels.projectForward({ x: x.data, gain: gain.data, weights: weights.data, y, threads });
    return y;
  },
  back: ({ kernels, threads }, args, dy) => {
    const [x, gain, weights] = args as [Matrix, Matrix, Matrix];
    const [dx, dgain, dweights] = like(x, gain, weights) as [Float32Array, Float32Array, Float32Array];
    kernels.projectBackward({
      x: x.data,
      gain: gain.data,
      weights: weights.data,
      dy,
      dx,
      dgain,
      dweights,
      threads,
    });
    return [dx, dgain, dweights];
  },
};

export const thinkCompiled: CompiledSegment = {
  run: ({ kernels, threads }, args) => {
    const call = thinkCall(args);
    const y = new Float32Array(call.x.length);
    kernels.thinkForward({ ...call, y, threads });
    return y;
  },
  back: ({ kernels, threads }, args, dy) => {
    const gradients = like(...args);
    const [dx, dattended, dout, dgain, dinward, dbias, doutward] = gradients as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const into = { dx, dattended, dout, dgain, dinward, dbias, doutward };
    kernels.thinkBackward({ ...thinkCall(args), dy, ...into, threads });
    return gradients;
  },
};

function thinkCall(args: readonly Matrix[]) {
  const [x, attended, out, gain, inward, bias, outward] = args as [
    Matrix,
    Matrix,
    Matrix,
    Matrix,
    Matrix,
    Matrix,
    Matrix,
  ];
  return {
    x: x.data,
    attended: attended.data,
    out: out.data,
    gain: gain.data,
    inward: inward.data,
    bias: bias.data,
    outward: outward.data,
  };
}

export const predictCompiled = (inputs: Matrix): CompiledSegment => ({
  run: ({ kernels, threads }, args) => {
    const [x, gain, out, region, direct] = args as [Matrix, Matrix, Matrix, Matrix, Matrix];
    const y = new Float32Array(x.shape[0] * region.data.length);
    kernels.predictForward({
      ...inputsOf(inputs),
      x: x.data,
      gain: gain.data,
      out: out.data,
      region: region.data,
      direct: direct.data,
      y,
      threads,
    });
    return y;
  },
  back: (by, args, dy) => {
    const [x, gain, out, region, direct] = args as [Matrix, Matrix, Matrix, Matrix, Matrix];
    const [dx, dgain, dout] = projectCompiled.back(by, [x, gain, out], dy) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const [ddirect, dregion] = embedCompiled(inputs).back(by, [direct, region], dy) as [
      Float32Array,
      Float32Array,
    ];
    return [dx, dgain, dout, dregion, ddirect];
  },
});

const inputsOf = ({ data, shape }: Matrix) => ({ inputs: data, channels: shape[1] });
