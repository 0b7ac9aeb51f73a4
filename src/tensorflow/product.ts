import * as tf from '@tensorflow/tfjs';

/**
 * Matrix products whose gradients are products too, with explicit transposes: on the WASM backend only a 2-D
 * `matMul` without transpose flags is fast (30 GFLOP/s; with the flags of the stock gradients 0.7 to 3).
 */
const withBothGradients = tf.customGrad((...parts: (tf.Tensor | tf.GradSaveFunc)[]) => {
  const [a, b, save] = parts as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
  save([a, b]);
  return {
    value: tf.matMul(a, b),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [left, right] = saved as [tf.Tensor2D, tf.Tensor2D];
      return [
        tf.matMul(dy as tf.Tensor2D, tf.transpose(right)),
        tf.matMul(tf.transpose(left), dy as tf.Tensor2D),
      ];
    },
  };
});

/** a (n × k) · b (k × m), with gradients for both. */
export function product(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return withBothGradients(a, b) as tf.Tensor2D;
}

/** data (n × k) · b (k × m), with a gradient for b alone: no one asks for the gradient of data. */
export function productOfData(data: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const operation = tf.customGrad((...parts: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [weights, save] = parts as [tf.Tensor2D, tf.GradSaveFunc];
    save([data]);
    return {
      value: tf.matMul(data, weights),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [
        tf.matMul(tf.transpose(saved[0] as tf.Tensor2D), dy as tf.Tensor2D),
      ],
    };
  });
  return operation(b) as tf.Tensor2D;
}
