/** What a load client is told to do; its parent sends it once a turn. */
export interface LoadPlan {
  port: number;
  connections: number;
  /** Counted, after `warmUpSeconds` that are not. */
  seconds: number;
  warmUpSeconds: number;
  wire: 'http' | 'grpc';
  /** Path of the request; of gRPC the method. */
  path: string;
  /** Each request's body, given in turn; all clients of one measure get the same ones. */
  bodies: Uint8Array[];
}

export interface LoadResult {
  requests: number;
  seconds: number;
  /** Answers other than a success, and connections that broke. */
  failures: number;
  /** What the first failure was. */
  failure?: string | undefined;
  p50Ms: number;
  p99Ms: number;
  /** Processor time of the client itself, a request. */
  clientMicros: number;
}

/** Nearest rank. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
