import type { WireDoorParts } from '../doors/parts.ts';
import { CODES, ServingProblem } from '../problem.ts';

/** When to try again, in milliseconds, as gRPC's clients read it (its proposal A6). */
const PUSHBACK = 'grpc-retry-pushback-ms';

/** As trailers. */
export const problemHeaders = ({ code, message, retryAfter }: ServingProblem) => ({
  'grpc-status': String(CODES[code].grpc),
  'grpc-message': sendable(message),
  ...(retryAfter !== undefined && { [PUSHBACK]: String(retryAfter * 1000) }),
});

/** Clients take 8 KB of all fields together, and a name that a caller made up may be longer. */
const MOST_BYTES = 4096;
/** A letter takes nine bytes at most. */
const SURE_LETTERS = Math.floor(MOST_BYTES / 9);

function sendable(message: string): string {
  // Half a letter, where a name was cut, cannot be sent.
  const encoded = (most: number) => encodeURI(message.slice(0, most).toWellFormed());
  const whole = encoded(MOST_BYTES);
  return whole.length <= MOST_BYTES ? whole : encoded(SURE_LETTERS);
}

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
