/** The codes of gRPC (grpc.io/docs/guides/status-codes) that serving answers with, each with its HTTP status. */
export const CODES = {
  INVALID_ARGUMENT: { grpc: 3, http: 400 },
  DEADLINE_EXCEEDED: { grpc: 4, http: 504 },
  NOT_FOUND: { grpc: 5, http: 404 },
  PERMISSION_DENIED: { grpc: 7, http: 403 },
  RESOURCE_EXHAUSTED: { grpc: 8, http: 429 },
  FAILED_PRECONDITION: { grpc: 9, http: 400 },
  UNIMPLEMENTED: { grpc: 12, http: 501 },
  INTERNAL: { grpc: 13, http: 500 },
  UNAVAILABLE: { grpc: 14, http: 503 },
  UNAUTHENTICATED: { grpc: 16, http: 401 },
} as const;

export type Code = keyof typeof CODES;

/** What a caller is refused with, on every door. The message may be shown to anybody: it holds no payload and no key. */
export class ServingProblem extends Error {
  readonly code: Code;
  /** Whole seconds after which to try again; only of RESOURCE_EXHAUSTED and UNAVAILABLE. */
  readonly retryAfter: number | undefined;
  /** What to do; absent: what its code says. */
  readonly cure: string | undefined;

  constructor(code: Code, message: string, retryAfter?: number, cure?: string) {
    super(message);
    this.name = 'ServingProblem';
    this.code = code;
    this.retryAfter = retryAfter;
    this.cure = cure;
  }
}

export const invalidArgument = (message: string) => new ServingProblem('INVALID_ARGUMENT', message);
export const notFound = (message: string) => new ServingProblem('NOT_FOUND', message);

/** Where nobody is asked who they are; no key helps there. */
export const foreignRequest = () =>
  new ServingProblem(
    'PERMISSION_DENIED',
    'The request comes from a page of another site, or to a name that is not this machine’s own: use http://127.0.0.1 and a program.',
    undefined,
    'Ask from a program on this machine, at http://127.0.0.1 and the port of `serve`.',
  );
