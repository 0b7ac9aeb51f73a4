import type { FastifyReply } from 'fastify';
import type { WireDoorParts } from '../doors/parts.ts';
import { CODES, ServingProblem } from '../problem.ts';

/** What the framework refuses by itself. */
const OF_THE_FRAMEWORK: Record<string, string | undefined> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is too large.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as it says.',
  FST_ERR_BAD_URL: 'Malformed request: the path is not well escaped.',
};

/** In TensorFlow Serving's shape, `{"error": "…"}`; of what has no name here nothing is told, but logged. */
export function answerProblem(
  error: unknown,
  reply: FastifyReply,
  { log }: Pick<WireDoorParts, 'log'>,
): FastifyReply {
  const { status, message, retryAfter } = refusal(error);
  if (status === 500) log.error({ requestId: reply.request.id, error: String(error) }, 'failed');
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .status(status)
    .type('application/json')
    .send(`${JSON.stringify({ error: message }, null, 4)}`);
}

function refusal(error: unknown): { status: number; message: string; retryAfter?: number | undefined } {
  if (error instanceof ServingProblem) {
    const { code, message, retryAfter } = error;
    return { status: CODES[code].http, message, retryAfter };
  }
  const { code = '', statusCode } = (error ?? {}) as { code?: string; statusCode?: number };
  const known = OF_THE_FRAMEWORK[code];
  if (known !== undefined) return { status: statusCode ?? 400, message: known };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return { status: statusCode, message: 'The request cannot be read.' };
  }
  return { status: 500, message: 'Something went wrong here; the log says what, under the request id.' };
}
