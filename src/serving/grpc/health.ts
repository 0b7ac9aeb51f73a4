import type { sendUnaryData, Server, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { notFound } from '../problem.ts';
import type { PredictionService } from '../service.ts';
import { MODEL_SERVICE, PREDICTION_SERVICE } from './definitions.ts';
import { statusOf } from './problem.ts';

/** How soon a watcher hears of a change. */
const LOOK_MS = 500;

type Status = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
interface Question {
  service: string;
}
interface Answer {
  status: Status;
}

/**
 * The standard health service (grpc.health.v1). Predictions are served as soon as any version of a model is there;
 * models can be told of, and listed anew, from the beginning.
 */
export function addHealth(server: Server, predictions: PredictionService): void {
  const known: Record<string, (() => Status) | undefined> = {
    '': () => predictionsStatus(predictions),
    [PREDICTION_SERVICE]: () => predictionsStatus(predictions),
    [MODEL_SERVICE]: () => 'SERVING',
  };
  const statusNow = (name: string) => (Object.hasOwn(known, name) ? known[name]?.() : undefined);

  server.addService(healthService, {
    check({ request }: ServerUnaryCall<Question, Answer>, answer: sendUnaryData<Answer>) {
      const status = statusNow(request.service);
      if (status) answer(null, { status });
      else answer(statusOf(notFound('Health status unknown for this service')));
    },
    list(_call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>) {
      const statuses = Object.keys(known).map((name) => [name, { status: statusNow(name) }] as const);
      answer(null, { statuses: Object.fromEntries(statuses) });
    },
    watch(call: ServerWritableStream<Question, Answer>) {
      let told: Status | undefined;
      const look = () => {
        const status = statusNow(call.request.service) ?? 'SERVICE_UNKNOWN';
        if (status !== told) call.write({ status });
        told = status;
      };
      look();
      const timer = setInterval(look, LOOK_MS).unref();
      call.once('cancelled', () => clearInterval(timer));
    },
  });
}

function predictionsStatus(predictions: PredictionService): Status {
  const isThere = [...predictions.models().values()].flat().some(({ state }) => state === 'AVAILABLE');
  return isThere ? 'SERVING' : 'NOT_SERVING';
}
