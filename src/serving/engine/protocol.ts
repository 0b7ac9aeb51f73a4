import type { Refusal } from '../refusal.ts';
import type { ServingSignature } from '../signature.ts';
import type { ServingTensor } from '../tensor.ts';
import type { Bounds } from './runner.ts';
import type { ModelSource } from './source.ts';

/** What the thread is started with. */
export interface ThreadData {
  /** Whether a run may take what the runs before it have found out; where each request is run by itself it may not. */
  remembers: boolean;
}

/** What a process and the thread that computes for it say to each other. Tensors are handed over, not copied. */
export type ToEngine =
  | { kind: 'load'; call: number; source: ModelSource }
  | { kind: 'run'; call: number; model: number; signature: string; inputs: NamedTensors }
  | { kind: 'warm'; call: number; model: number; maxRows: number }
  | { kind: 'unload'; call: number; model: number };

export type NamedTensors = readonly (readonly [name: string, tensor: ServingTensor])[];

export interface LoadedReport {
  model: number;
  signatures: (readonly [name: string, signature: ServingSignature])[];
  sha256: string;
  bytes: number;
  bounds: Bounds;
}

export type FromEngine =
  | { kind: 'started' }
  | { kind: 'loaded'; call: number; loaded: LoadedReport }
  | { kind: 'answered'; call: number; outputs: NamedTensors }
  | { kind: 'warmed'; call: number; batchMs: number }
  | { kind: 'unloaded'; call: number }
  | { kind: 'failed'; call: number; refusal: Refusal };
