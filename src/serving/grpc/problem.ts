import type { WireDoorParts } from '../doors/parts.ts';
import { CODES, ServingProblem } from '../problem.ts';

/** When to try again, in milliseconds, as gRPC's clients read it (its proposal A6). */
const PUSHBACK = 'grpc-retry-pushback-ms';

/** As trailers. */
export const problemHeaders = ({ code, message, retryAfter }: ServingProblem) => ({
  'grpc-status': String(CODES[code].grpc),
  // Half a letter, where a name was cut, cannot be sent.
  'grpc-message': encodeURI(message.toWellFormed()),
  ...(retryAfter !== undefined && { [PUSHBACK]: String(retryAfter * 1000) }),
});

/** Of what has no name here nothing is told, but logged. */
export function refusal(
  error: unknown,
  requestId: string,
  { log }: Pick<WireDoorParts, 'log'>,
): ServingProblem {
  if (error instanceof ServingProblem) return error;
  log.error({ requestId, error: String(error) }, 'failed');
  return new ServingProblem(
    'INTERNAL',
    `Something went wrong here; the log says what, under the request id ${requestId}.`,
  );
}
