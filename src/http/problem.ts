import {
  BadInputError,
  CorruptArtifactError,
  InUseError,
  MissingDataError,
  RingwattError,
  UnavailableError,
  UntrustedError,
} from '../errors.ts';
import { CODES, ServingProblem, type Code } from '../serving/problem.ts';
import type { Logger } from '../stages/context.ts';

/** A refusal that knows its status. */
export class HttpProblem extends RingwattError {
  readonly status: number;
  readonly kind: string;
  /** Whole seconds after which to try again. */
  readonly retryAfter: number | undefined;

  constructor(status: number, kind: string, message: string, cure: string, retryAfter?: number) {
    super(message, cure);
    this.status = status;
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}

export interface Problem {
  status: number;
  kind: string;
  message: string;
  cure: string;
  retryAfter?: number | undefined;
}

/** Of a problem that does not say. */
const RETRY_SECONDS = 5;

const STATUSES = [
  [BadInputError, 400],
  [MissingDataError, 404],
  [InUseError, 409],
  [UnavailableError, 503],
  [UntrustedError, 409],
  [CorruptArtifactError, 500],
] as const;

/** What to do about a refusal of serving, which says only what is wrong. */
const CURES: Record<Code, string> = {
  INVALID_ARGUMENT: 'GET /model/info has the signatures: names, types and shapes of the inputs.',
  DEADLINE_EXCEEDED: 'Send less at once, or try again when less is asked.',
  NOT_FOUND: 'GET /model/info and GET /models list what there is.',
  PERMISSION_DENIED: 'Ask an admin of this server for that role.',
  RESOURCE_EXHAUSTED: 'Try again after as many seconds as the header retry-after says.',
  FAILED_PRECONDITION: 'GET /model/info says in which state the versions are.',
  UNIMPLEMENTED: 'GET /model/info says what the model can be asked.',
  INTERNAL: 'The log of `serve` says what, under the request id.',
  UNAVAILABLE: 'Try again after as many seconds as the header retry-after says.',
  UNAUTHENTICATED: 'Send a key in the header x-api-key, or a token in authorization: Bearer.',
};

/** What the framework refuses by itself, in words that say what to do. */
const OF_THE_FRAMEWORK: Record<string, [kind: string, message: string, cure: string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [
    'too-large',
    'The body is too large.',
    'Send less at once; of /openapi.json the answer 413 says how much a route takes.',
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: ['bad-json', 'The body is not JSON.', 'Send a JSON object.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['bad-json', 'The body is empty.', 'Send a JSON object, such as {}.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'bad-request',
    'The body is not as long as it says.',
    'Send all of it.',
  ],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'bad-media-type',
    'The body is not announced as JSON.',
    'Send `content-type: application/json`.',
  ],
};

/** Any failure as what a caller is told. Of what we have no name for nothing is told: the log has it. */
export function problemOf(error: unknown): Problem {
  if (error instanceof HttpProblem) {
    const { status, kind, message, cure, retryAfter } = error;
    return { status, kind, message, cure, retryAfter };
  }
  if (error instanceof ServingProblem) return ofServing(error);
  if (error instanceof RingwattError) {
    const status = STATUSES.find(([type]) => error instanceof type)?.[1] ?? 500;
    const retryAfter = status === 503 ? RETRY_SECONDS : undefined;
    return { status, kind: error.name, message: error.message, cure: error.cure, retryAfter };
  }
  const { code = '', statusCode } = (error ?? {}) as { code?: string; statusCode?: number };
  const known = OF_THE_FRAMEWORK[code];
  if (known) {
    const [kind, message, cure] = known;
    return { status: statusCode ?? 400, kind, message, cure };
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    // Such as a key of the body that would reach into every object.
    return {
      status: statusCode,
      kind: 'bad-request',
      message: 'The request cannot be read.',
      cure: 'Correct its address or its body; GET / lists the routes.',
    };
  }
  return {
    status: 500,
    kind: 'internal',
    message: 'Something went wrong here.',
    cure: 'The log of `serve` says what, under the request id.',
  };
}

/** 500 is a fault of this server; what is away, full or late (501, 503, 504) passes. */
export function logFailure(
  log: Pick<Logger, 'warn' | 'error'>,
  status: number,
  requestId: string,
  error: unknown,
): void {
  if (status === 500) log.error({ requestId, error: String(error) }, 'failed');
  else if (status > 500) log.warn({ requestId, status, error: String(error) }, 'not answered');
}

function ofServing({ code, message, retryAfter, cure = CURES[code] }: ServingProblem): Problem {
  const { http: status } = CODES[code];
  const kind = code.toLowerCase().replaceAll('_', '-');
  const isLater = code === 'RESOURCE_EXHAUSTED' || code === 'UNAVAILABLE';
  return {
    ...{ status, kind, message, cure },
    retryAfter: retryAfter ?? (isLater ? RETRY_SECONDS : undefined),
  };
}
