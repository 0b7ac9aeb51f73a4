import assert from 'node:assert/strict';
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
});
