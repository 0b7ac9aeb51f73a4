import {
  BadInputError,
  CorruptArtifactError,
  InUseError,
  MissingDataError,
  RingwattError,
  UnavailableError,
} from '../errors.ts';

/** A refusal that knows its status. */
export class HttpProblem extends RingwattError {
  readonly status: number;
  readonly kind: string;

  constructor(status: number, kind: string, message: string, cure: string) {
    super(message, cure);
    this.status = status;
    this.kind = kind;
  }
}

export interface Problem {
  status: number;
  kind: string;
  message: string;
  cure: string;
}

const STATUSES = [
  [BadInputError, 400],
  [MissingDataError, 404],
  [InUseError, 409],
  [UnavailableError, 503],
  [CorruptArtifactError, 500],
] as const;

/** What the framework refuses by itself, in words that say what to do. */
const OF_THE_FRAMEWORK: Record<string, [kind: string, message: string, cure: string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['too-large', 'The body is too large.', 'Send at most 64 KiB.'],
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
    const { status, kind, message, cure } = error;
    return { status, kind, message, cure };
  }
  if (error instanceof RingwattError) {
    const status = STATUSES.find(([type]) => error instanceof type)?.[1] ?? 500;
    return { status, kind: error.name, message: error.message, cure: error.cure };
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
