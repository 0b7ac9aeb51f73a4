import type { Signatures } from '../signature.ts';
import type { TensorMap } from '../tensor.ts';
import type { Bounds } from './runner.ts';

/** A model in memory, wherever it is run. */
export interface LoadedModel {
  signatures: Signatures;
  sha256: string;
  bytes: number;
  bounds: Bounds;
  /** The arrays of the inputs are handed over: the caller has them no more. */
  run(signature: string, inputs: TensorMap): Promise<TensorMap>;
  /**
   * To be called once, before any other run (`warm-up.ts`).
   * @returns what a batch takes of its thread's processor time, in milliseconds; Infinity where it has several
   */
  warmUp(maxRows: number): Promise<number>;
  unload(): Promise<void>;
}
