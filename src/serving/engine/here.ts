import { startBackend } from '../../backend/backend.ts';
import type { LoadedModel } from './loaded-model.ts';
import { openSource } from './open-source.ts';
import { bound } from './runner.ts';
import type { ModelSource } from './source.ts';
import { letGoOf } from '../tensor.ts';
import { warmUp } from './warm-up.ts';

/** Loads a model in this very thread, where a call costs nothing and keeps everything else waiting. */
export async function loadHere(source: ModelSource, lost: (error: Error) => void): Promise<LoadedModel> {
  await startBackend();
  const runner = await openSource(source);
  const { signatures, sha256, bytes, bounds = new Map() } = runner;
  return {
    ...{ signatures, sha256, bytes, bounds },
    run: async (signature, inputs) => {
      try {
        const found = runner.run(signature, inputs);
        // A promise would cost a turn of the loop where there is nothing to wait for.
        const outputs = found instanceof Promise ? await found : found;
        letGoOf(inputs, outputs);
        return outputs;
      } catch (error) {
        if (isBeyondRepair(error)) lost(error as Error);
        throw error;
      }
    },
    warmUp: (maxRows) => warmUp(bound(runner), maxRows),
    unload: async () => runner.close(),
  };
}

/** The memory of WebAssembly may hold anything after this, and belongs to all models of the thread. */
export const isBeyondRepair = (error: unknown) =>
  error instanceof WebAssembly.RuntimeError ||
  (error instanceof Error && error.cause instanceof WebAssembly.RuntimeError);
