import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { startTensors } from '../../src/backend/tensors.ts';

describe('TensorFlow.js on WebAssembly', () => {
  it('leaves what nobody catches to those who listened before it was started', async () => {
    await startTensors('wasm', 1, true);
    const listeners = [
      ...process.listeners('uncaughtException'),
      ...process.listeners('unhandledRejection'),
    ].map(String);
    assert.deepEqual(
      listeners.filter((source) => /ExitStatus|throw reason/.test(source)),
      [],
    );
  });

  it('refuses a tensor that its memory has no room for, and goes on', async () => {
    await startTensors('wasm', 1, true);
    const before = tf.memory().numTensors;
    // Almost all that there can be, beside what is there already; and more than a size can say.
    for (const size of [2 ** 30 - 1000, 2 ** 30 + 1000]) {
      const backend = tf.backend() as unknown as { makeOutput(shape: number[], dtype: string): object };
      assert.throws(() => backend.makeOutput([size], 'float32'), /no memory for a tensor/);
    }
    const sum = tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 1).dataSync());
    assert.deepEqual([...sum], [2, 3]);
    assert.equal(tf.memory().numTensors, before);
  });
});
