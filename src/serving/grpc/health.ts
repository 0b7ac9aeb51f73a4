import { notFound } from '../problem.ts';
import type { PredictionService } from '../service.ts';
import type { GrpcMethod } from './call.ts';
import { HEALTH, MODEL_SERVICE, PREDICTION_SERVICE } from './definitions.ts';

/** How soon a watcher hears of a change. */
const LOOK_MS = 500;

type Status = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

/**
 * The standard health service (grpc.health.v1). Predictions are served as soon as any version of a model is there;
 * models can be told of, and listed anew, from the beginning. Whoever can reach this machine may ask whether it is
 * well: what keeps it alive brings no key.
 */
export function healthMethods(predictions: PredictionService): [path: string, method: GrpcMethod][] {
  const known: Record<string, (() => Status) | undefined> = {
    '': () => predictionsStatus(predictions),
    [PREDICTION_SERVICE]: () => predictionsStatus(predictions),
    [MODEL_SERVICE]: () => 'SERVING',
  };
  const { Check, List, Watch } = HEALTH;
  const statusNow = (name: string) => (Object.hasOwn(known, name) ? known[name]?.() : undefined);
  const serviceOf = (message: Buffer) => (Check!.requestDeserialize(message) as { service: string }).service;
  const requestId = 'health';
  const admit = async () => {};

  const check: GrpcMethod = {
    admit,
    async unary(message) {
      const status = statusNow(serviceOf(message));
      if (!status) return { requestId, problem: notFound('Health status unknown for this service') };
      return { requestId, answer: Check!.responseSerialize({ status }) };
    },
  };
  const list: GrpcMethod = {
    admit,
    async unary() {
      const statuses = Object.keys(known).map((name) => [name, { status: statusNow(name) }] as const);
      return { requestId, answer: List!.responseSerialize({ statuses: Object.fromEntries(statuses) }) };
    },
  };
  const watch: GrpcMethod = {
    admit,
    stream(message, { signal }) {
      const name = serviceOf(message);
      let told: Status | undefined;
      return (write) => {
        const look = () => {
          const status = statusNow(name) ?? 'SERVICE_UNKNOWN';
          if (status !== told) write(Watch!.responseSerialize({ status }));
          told = status;
        };
        look();
        const timer = setInterval(look, LOOK_MS).unref();
        signal.addEventListener('abort', () => clearInterval(timer), { once: true });
      };
    },
  };
  return [
    [Check!.path, check],
    [List!.path, list],
    [Watch!.path, watch],
  ];
}

function predictionsStatus(predictions: PredictionService): Status {
  const isThere = [...predictions.models().values()].flat().some(({ state }) => state === 'AVAILABLE');
  return isThere ? 'SERVING' : 'NOT_SERVING';
}
