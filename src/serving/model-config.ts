/** Which versions of a model are wanted at once, as TensorFlow Serving's `ServableVersionPolicy`. */
export type VersionPolicy =
  | { kind: 'latest'; count: number }
  | { kind: 'all' }
  | { kind: 'specific'; versions: readonly number[] }
  /** What the registry answers by now: champion, canary, variants of a running A/B test, the shadow. */
  | { kind: 'answering' };

export interface ModelConfig {
  name: string;
  /** A registered model of the home, or SavedModels in folders named by their versions. */
  source: { kind: 'registry'; model: string } | { kind: 'folder'; path: string };
  policy: VersionPolicy;
  /** Given by hand; absent: `stable` and `canary` follow the registry (a folder has none). */
  labels?: ReadonlyMap<string, number> | undefined;
}

/** TensorFlow Serving's `ModelVersionStatus.State`. */
export const STATES = { UNKNOWN: 0, START: 10, LOADING: 20, AVAILABLE: 30, UNLOADING: 40, END: 50 } as const;
export type State = keyof typeof STATES;

export interface VersionStatus {
  version: number;
  state: State;
  /** Why it is not loaded; absent: all is well. */
  problem?: { code: 'UNKNOWN' | 'NOT_FOUND' | 'FAILED_PRECONDITION' | 'RESOURCE_EXHAUSTED'; message: string };
  labels: readonly string[];
}
