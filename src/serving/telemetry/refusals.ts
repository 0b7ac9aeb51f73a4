import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ServingObserver } from '../observer.ts';
import { CODES, ServingProblem, type Code } from '../problem.ts';
import type { Door } from '../service.ts';
import { isTold, modelOf } from '../told-errors.ts';

export interface Refused {
  door: Door;
  requestId: string;
  /** Absent: it was refused before anybody knew who asks. */
  caller?: string | undefined;
  error: unknown;
  /** What the answer's status was, where the error says nothing. */
  status?: number | undefined;
  seconds: number;
}

/**
 * Counts a call that a door has refused by itself: its body could not be read, its key was wrong, its model is not
 * there. What came as far as the models has been counted there. Of its names only that of a model that is served is kept:
 * callers make them up.
 */
export function tellRefused(observer: ServingObserver, refused: Refused): void {
  const { door, requestId, caller = 'unknown', error, status = 500, seconds } = refused;
  if (isTold(error)) return;
  const code = error instanceof ServingProblem ? error.code : codeOf(status);
  const model = modelOf(error);
  observer.callEnded?.({ door, requestId, caller, model, code, seconds, rows: 0, cached: false });
}

/** Of the friendly API's statuses and TensorFlow Serving's. */
function codeOf(status: number): Code {
  const found = (Object.keys(CODES) as Code[]).find((code) => CODES[code].http === status);
  return found ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL');
}

interface Calls {
  door: Door;
  observer: ServingObserver;
  /** Whether a request asks for a prediction or a forecast, or is meant to. */
  isCall(request: FastifyRequest): boolean;
  callerOf(request: FastifyRequest): string | undefined;
}

/** The same of a Fastify door. */
export function tellRefusals(app: FastifyInstance, { door, observer, isCall, callerOf }: Calls): void {
  const errors = new WeakMap<FastifyRequest, unknown>();
  app.addHook('onError', async (request, _reply, error) => void errors.set(request, error));
  app.addHook('onResponse', async (request, { statusCode: status, elapsedTime }) => {
    const error = errors.get(request);
    if (error === undefined || !isCall(request)) return;
    const refused = { door, requestId: request.id, caller: callerOf(request), error, status };
    tellRefused(observer, { ...refused, seconds: elapsedTime / 1000 });
  });
}

const HTTP_CALLS = new Set(['/predict', '/predict/batch', '/forecast/:region']);

/** Of the friendly API. */
export const tellHttpRefusals = (app: FastifyInstance, observer: ServingObserver): void =>
  tellRefusals(app, {
    ...{ door: 'http', observer },
    isCall: ({ routeOptions: { url = '' } }) => HTTP_CALLS.has(url),
    callerOf: ({ caller }) => caller.name,
  });

/** Of TensorFlow Serving's REST wire, where predictions are what is posted. */
export const tellRestRefusals = (app: FastifyInstance, observer: ServingObserver): void =>
  tellRefusals(app, {
    ...{ door: 'rest', observer },
    isCall: ({ method }) => method === 'POST',
    // Not there before it was admitted.
    callerOf: ({ admitted }) => (admitted as typeof admitted | undefined)?.name,
  });
