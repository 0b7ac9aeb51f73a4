import { Metadata } from '@grpc/grpc-js';
import type { WireDoorParts } from '../doors/parts.ts';
import { CODES, ServingProblem } from '../problem.ts';

/** When to try again, in milliseconds, as gRPC's clients read it (its proposal A6). */
const PUSHBACK = 'grpc-retry-pushback-ms';

export function statusOf({ code, message, retryAfter }: ServingProblem) {
  const metadata = new Metadata();
  if (retryAfter !== undefined) metadata.set(PUSHBACK, String(retryAfter * 1000));
  // Half a letter, where a name was cut, cannot be sent.
  return { code: CODES[code].grpc, details: message.toWellFormed(), metadata };
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
