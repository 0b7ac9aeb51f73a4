import { randomUUID } from 'node:crypto';
import { USER_HEADER, userOf, type WireDoorParts } from '../doors/parts.ts';
import type { CallContext, Caller, Role } from '../service.ts';
import { tellRefused } from '../telemetry/refusals.ts';
import { isTold } from '../told-errors.ts';
import { admit } from './admission.ts';
import type { GrpcMethod, UnaryOutcome } from './call.ts';
import type { MethodSchema } from './definitions.ts';
import { refusal } from './problem.ts';

type Work<Request, Answer> = (request: Request, context: CallContext) => Answer | Promise<Answer>;

/** What is counted as a call of a model, where the door refuses it. */
const PREDICTIONS = new Set(['Predict', 'Classify', 'Regress', 'MultiInference']);

/** A method that reads one message and answers one. */
export function unary<Request, Answer extends object>(
  parts: WireDoorParts,
  { name, requestDeserialize, responseSerialize }: MethodSchema,
  needed: Role,
  work: Work<Request, Answer>,
): GrpcMethod<Caller> {
  return {
    admit: (call) => admit(parts.gate, call, needed),
    async unary(message, { headers, signal }, caller): Promise<UnaryOutcome> {
      const requestId = randomUUID();
      const started = performance.now();
      const span = parts.tracer?.request('grpc', name, {
        traceparent: headers['traceparent'],
        tracestate: headers['tracestate'],
      });
      try {
        const request = requestDeserialize(message) as Request;
        const user = userOf(headers[USER_HEADER]);
        const answer = await work(request, { requestId, door: 'grpc', caller, user, signal, span });
        span?.end();
        return { requestId, answer: responseSerialize(answer) };
      } catch (error) {
        const problem = refusal(error, requestId, parts);
        span?.end(problem);
        if (parts.observer && PREDICTIONS.has(name) && !isTold(error)) {
          const seconds = (performance.now() - started) / 1000;
          tellRefused(parts.observer, { door: 'grpc', requestId, error: problem, seconds });
        }
        return { requestId, problem };
      }
    },
  };
}
