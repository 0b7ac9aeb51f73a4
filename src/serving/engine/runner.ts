import type { Signatures } from '../signature.ts';
import type { TensorMap } from '../tensor.ts';

/** Least and greatest value that an input of integers may have, beyond what its type says. */
export type Bounds = ReadonlyMap<string, readonly [least: number, most: number]>;

/** A model in memory that answers. Close it once. */
export interface Runner {
  signatures: Signatures;
  /** SHA-256 of what decides its answers. */
  sha256: string;
  /** Of weights and tables in memory. */
  bytes: number;
  /** Checked before a request joins others in a run: one that is wrong must not fail them. */
  bounds?: Bounds;
  run(signature: string, inputs: TensorMap): Promise<TensorMap> | TensorMap;
  /** As `run`, and takes what it has found out in the runs before. Absent: it would keep nothing. */
  runRemembering?(signature: string, inputs: TensorMap): Promise<TensorMap> | TensorMap;
  close(): Promise<void> | void;
}

/** Its parts, to be handed on one by one. */
export const bound = (runner: Runner) => ({
  signatures: runner.signatures,
  bounds: runner.bounds ?? new Map(),
  run: runner.run.bind(runner),
});
