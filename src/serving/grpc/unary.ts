import { randomUUID } from 'node:crypto';
import { type handleUnaryCall, Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import { USER_HEADER, userOf, type WireDoorParts } from '../doors/parts.ts';
import type { ServingProblem } from '../problem.ts';
import type { CallContext } from '../service.ts';
import { tellRefused } from '../telemetry/refusals.ts';
import { isTold } from '../told-errors.ts';
import type { Admission } from './admission.ts';
import { refusal, statusOf } from './problem.ts';

type Work<Request, Answer> = (request: Request, context: CallContext) => Answer | Promise<Answer>;
type Outcome<Answer> = { answer: Answer } | { problem: ServingProblem };

type Answering<Request, Answer> = (...call: Parameters<handleUnaryCall<Request, Answer>>) => Promise<void>;

/** What is counted as a call of a model, where the door refuses it. */
const PREDICTIONS = new Set(['Predict', 'Classify', 'Regress', 'MultiInference']);

/** A method's work, as the server of the library calls it. */
export function unary<Request, Answer>(
  parts: WireDoorParts,
  admission: Admission,
  method: string,
  work: Work<Request, Answer>,
): handleUnaryCall<Request, Answer> {
  const answerTo: Answering<Request, Answer> = async (call, done) => {
    const requestId = randomUUID();
    const outcome = await outcomeOf(parts, admission, { call, requestId, method, work });
    const head = new Metadata();
    head.set('x-request-id', requestId);
    call.sendMetadata(head);
    if ('answer' in outcome) done(null, outcome.answer);
    else done(statusOf(outcome.problem));
  };
  return (call, done) => void answerTo(call, done);
}

interface Asked<Request, Answer> {
  call: ServerUnaryCall<Request, Answer>;
  requestId: string;
  method: string;
  work: Work<Request, Answer>;
}

/** Never rejects. */
async function outcomeOf<Request, Answer>(
  parts: WireDoorParts,
  { callerOf }: Admission,
  { call, requestId, method, work }: Asked<Request, Answer>,
): Promise<Outcome<Answer>> {
  const { metadata, request } = call;
  const started = performance.now();
  const gone = new AbortController();
  const abort = () => gone.abort();
  // Also when the deadline is over.
  call.once('cancelled', abort);
  const span = parts.tracer?.request('grpc', method, {
    traceparent: only(metadata, 'traceparent'),
    tracestate: only(metadata, 'tracestate'),
  });
  try {
    const answer = await work(request, {
      requestId,
      door: 'grpc',
      caller: callerOf(metadata),
      user: userOf(metadata.get(USER_HEADER)[0]),
      signal: gone.signal,
      span,
    });
    span?.end();
    return { answer };
  } catch (error) {
    const problem = refusal(error, requestId, parts);
    span?.end(problem);
    if (parts.observer && PREDICTIONS.has(method) && !isTold(error)) {
      const seconds = (performance.now() - started) / 1000;
      tellRefused(parts.observer, { door: 'grpc', requestId, error: problem, seconds });
    }
    return { problem };
  } finally {
    // An answer that leaves ends a call too.
    call.off('cancelled', abort);
  }
}

const only = (metadata: Metadata, name: string): string | undefined => {
  const [value] = metadata.get(name);
  return typeof value === 'string' ? value : undefined;
};
