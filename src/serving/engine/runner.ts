import type { Signatures } from '../signature.ts';
import type { TensorMap } from '../tensor.ts';

/** A model in memory that answers. Close it once. */
export interface Runner {
  signatures: Signatures;
  /** SHA-256 of what decides its answers. */
  sha256: string;
  /** Of weights and tables in memory. */
  bytes: number;
  run(signature: string, inputs: TensorMap): Promise<TensorMap> | TensorMap;
  close(): Promise<void> | void;
}
