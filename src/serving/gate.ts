import type { Caller, Role } from './service.ts';

/** What a request brings to say who sends it. */
export interface Credentials {
  /** The header `authorization`, as it came. */
  authorization?: string | undefined;
  /** The header (or gRPC metadata) `x-api-key`. */
  apiKey?: string | undefined;
  /** Of a client certificate that TLS has verified: its subject's common name. */
  certificate?: string | undefined;
  /** Address of the peer, as the socket has it. */
  address: string;
  /**
   * A browser sends it for a page of another site, or the name it was sent to is none of this machine's own. Where
   * nobody is asked who they are, nothing of that kind is let in.
   */
  foreign?: boolean | undefined;
}

/** Decides who may. Every door asks it before it reads a body. */
export interface Gate {
  /**
   * Who it is, when they may.
   * @throws ServingProblem UNAUTHENTICATED, PERMISSION_DENIED, or RESOURCE_EXHAUSTED over the rate of the key
   */
  admit(credentials: Credentials, needed: Role): Promise<Caller>;
}

/** What a request may at most be; the doors hold to it. */
export interface Limits {
  bodyBytes: number;
  /** Of nested JSON arrays and objects. */
  depth: number;
  /** Rows of one request. */
  rows: number;
  /** Of receiving a request. */
  requestMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 64 * 2 ** 20,
  depth: 32,
  rows: 1024,
  requestMs: 15_000,
};
