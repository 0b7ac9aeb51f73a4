import * as tf from '@tensorflow/tfjs';
import { compiled } from '../native/compiled.ts';
import { product, productOfData } from '../tensorflow/product.ts';
import { scoped } from '../tensorflow/scope.ts';
import { add } from '../attention/softmax.ts';
import {
  embedCompiled,
  predictCompiled,
  projectCompiled,
  thinkCompiled,
  type CompiledSegment,
} from './compiled-segments.ts';

/**
 * The network between two ring attentions, as functions of tensors. TensorFlow.js differentiates synchronously and
 * the ring does not answer synchronously, so the network is cut here: each segment goes from plain arrays to plain
 * arrays, keeps nothing, and is computed again when its gradient is asked for (Chen et al. 2016). Where the compiled
 * kernels are in use they compute the same (`compiled-segments.ts`): what a segment is, is said here.
 */
export interface Matrix {
  data: Float32Array;
  shape: [number, number];
}

export interface Segment {
  tensors(...args: tf.Tensor2D[]): tf.Tensor2D;
  compiled: CompiledSegment;
}

/** x = inputs·W + region (tokens × width). */
export const embed = (inputs: Matrix): Segment => ({
  tensors: (weights, region) => tf.add(productOfData(tensorOf(inputs), weights!), region!) as tf.Tensor2D,
  compiled: embedCompiled(inputs),
});

/** q, k and v side by side (tokens × columns of the projection). */
export const queriesKeysValues: Segment = {
  tensors: (x, gain, weights) => product(normalise(x!, gain!), weights!),
  compiled: projectCompiled,
};

/** What follows attention in a layer: x + o·W, then + MLP (tokens × width). */
export const mixAndThink: Segment = {
  tensors: (x, attended, out, gain, inward, bias, outward) => {
    const mixed = tf.add(x!, product(attended!, out!)) as tf.Tensor2D;
    const hidden = gelu(tf.add(product(normalise(mixed, gain!), inward!), bias!) as tf.Tensor2D);
    return tf.add(mixed, product(hidden, outward!)) as tf.Tensor2D;
  },
  compiled: thinkCompiled,
};

/** The heads: from the last layer, and straight from the inputs, so that what is linear is learned at once. */
export const predict = (inputs: Matrix): Segment => ({
  tensors: (x, gain, out, region, direct) =>
    tf.addN([
      tf.add(product(normalise(x!, gain!), out!), region!),
      productOfData(tensorOf(inputs), direct!),
    ]) as tf.Tensor2D,
  compiled: predictCompiled(inputs),
});

/** Writes the segment's value into `y`. */
export function runSegment(segment: Segment, args: readonly Matrix[], y: Float32Array): void {
  const native = compiled();
  if (native) segment.compiled.run(native, args, y);
  else y.set(scoped(() => segment.tensors(...args.map(tensorOf)).dataSync()));
}

/** Adds the segment's gradients with respect to all its arguments, given that of its value, to `into`. */
export function backSegment(
  segment: Segment,
  args: readonly Matrix[],
  dy: Matrix,
  into: readonly Float32Array[],
): void {
  const native = compiled();
  if (native) return segment.compiled.back(native, args, dy.data, into);
  const found = scoped(() => {
    const gradients = tf.grads(segment.tensors as (...args: tf.Tensor[]) => tf.Tensor);
    return gradients(args.map(tensorOf), tensorOf(dy)).map((g) => g.dataSync() as Float32Array);
  });
  found.forEach((values, at) => add(into[at]!, values));
}

const tensorOf = ({ data, shape }: Matrix): tf.Tensor2D => tf.tensor2d(data, shape);

const EPSILON = 1e-6;

/** Root-mean-square normalisation (Zhang & Sennrich 2019), with its gradient written out to save operations. */
const normalise = tf.customGrad((...parts: (tf.Tensor | tf.GradSaveFunc)[]) => {
  const [x, gain, save] = parts as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.mul(x, x), 1, true), EPSILON)); // tokens × 1
  const unit = tf.mul(x, inverse);
  save([unit, inverse, gain]);
  return {
    value: tf.mul(unit, gain),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [u, inv, g] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const du = tf.mul(dy, g);
      const along = tf.mean(tf.mul(du, u), 1, true);
      return [tf.mul(tf.sub(du, tf.mul(u, along)), inv), tf.sum(tf.mul(dy, u), 0, true)];
    },
  };
}) as (x: tf.Tensor2D, gain: tf.Tensor2D) => tf.Tensor2D;

const STEEPNESS = 1.702;

/** GELU by the logistic function (Hendrycks & Gimpel 2016): x·σ(1.702·x). */
const gelu = tf.customGrad((...parts: (tf.Tensor | tf.GradSaveFunc)[]) => {
  const [x, save] = parts as [tf.Tensor, tf.GradSaveFunc];
  const gate = tf.sigmoid(tf.mul(x, STEEPNESS));
  save([x, gate]);
  return {
    value: tf.mul(x, gate),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [input, s] = saved as [tf.Tensor, tf.Tensor];
      const slope = tf.mul(tf.mul(input, STEEPNESS), tf.sub(1, s));
      return [tf.mul(dy, tf.mul(s, tf.add(1, slope)))];
    },
  };
}) as (x: tf.Tensor2D) => tf.Tensor2D;
