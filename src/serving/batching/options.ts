/** How requests are gathered into runs; all of it is a cap. */
export interface BatchingOptions {
  /** Whether requests share runs at all. */
  enabled: boolean;
  /** Rows of a run. One request may have more: it is then cut into several runs. */
  maxRows: number;
  /** How long a request waits for company while nothing runs; it never waits longer than until the thread is free. */
  waitMs: number;
  /** Requests that wait for one version's signature; one more is refused. */
  maxWaiting: number;
  /** Bytes of all inputs that wait in this process. */
  maxWaitingBytes: number;
}

export const DEFAULT_BATCHING: BatchingOptions = {
  enabled: true,
  maxRows: 32,
  waitMs: 0,
  maxWaiting: 512,
  maxWaitingBytes: 512 * 2 ** 20,
};
