import * as tf from '@tensorflow/tfjs';

/**
 * Runs `work` and frees every tensor it made. Unlike `tf.tidy`, its result may hold plain arrays: `tidy` looks at
 * every element of them for tensors, which costs more than the mathematics.
 */
export function scoped<T>(work: () => T): T {
  let result: T | undefined;
  tf.tidy(() => {
    result = work();
  });
  return result as T;
}
