import type { ModelConfig, VersionStatus } from './model-config.ts';
import type { Signatures } from './signature.ts';
import type { Span } from './span.ts';
import type { TensorMap } from './tensor.ts';

/** Which model answers: at most one of version and label. */
export interface ModelSpec {
  name: string;
  version?: number | undefined;
  label?: string | undefined;
}

export const ROLES = ['viewer', 'operator', 'approver', 'admin'] as const;
/** Each may do what those before it may. */
export type Role = (typeof ROLES)[number];

/** Who asks, as the door has made sure of it. */
export interface Caller {
  /** Such as the name of an API key, or a token's subject; `local` where nobody is asked who they are. */
  name: string;
  role: Role;
  identity: 'claimed' | 'authenticated';
}

export type Door = 'http' | 'rest' | 'grpc';

/** What a call is besides its tensors. */
export interface CallContext {
  requestId: string;
  door: Door;
  caller: Caller;
  /** Whom an A/B test deals to; absent: each request is its own. */
  user?: string | undefined;
  /** Aborted when the caller is gone or its deadline over. */
  signal?: AbortSignal | undefined;
  /** Of the request, where it is traced. */
  span?: Span | undefined;
}

export interface PredictRequest {
  spec: ModelSpec;
  signature: string;
  inputs: TensorMap;
  /** Only these outputs; absent: all. */
  outputs?: readonly string[] | undefined;
}

export interface PredictAnswer {
  /** Who answered. */
  model: string;
  version: number;
  label?: string | undefined;
  signature: string;
  outputs: TensorMap;
  /** Came from the cache. */
  cached: boolean;
  /** The A/B test that dealt this call, and what. */
  dealt?: { test: string; variant: 'control' | 'treatment'; request: string } | undefined;
}

/**
 * What every door stands before. All of it throws `ServingProblem`. One instance a process; several processes share a
 * port, and a `reload` reaches all of them before it returns.
 */
export interface PredictionService {
  /** Once it has answered, the memory of the inputs is the caller's again: nothing but the answer may lie in it. */
  predict(request: PredictRequest, context: CallContext): Promise<PredictAnswer>;
  /** The signatures of the version that `spec` leads to now. */
  signatures(spec: ModelSpec): { version: number; signatures: Signatures };
  /** All versions known of a model, newest first, or the one of the spec. */
  status(spec: ModelSpec): VersionStatus[];
  models(): ReadonlyMap<string, VersionStatus[]>;
  /** All or nothing: resolves when every model of it is available or has failed, and rejects when it cannot be taken. */
  reload(models: readonly ModelConfig[]): Promise<void>;
}
