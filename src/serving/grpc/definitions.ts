import { fileURLToPath } from 'node:url';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { service as health } from 'grpc-health-check';
import { invalidArgument } from '../problem.ts';

export const PROTOS = fileURLToPath(new URL('protos', import.meta.url));

/** Names as in the schemas; a version is a number, as everywhere here. */
const loaded = loadSync('serving.proto', {
  includeDirs: [PROTOS],
  ...{ keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true },
});

export const PREDICTION_SERVICE = 'tensorflow.serving.PredictionService';
export const MODEL_SERVICE = 'tensorflow.serving.ModelService';

/** How a method's messages are read and written. */
export interface MethodSchema {
  name: string;
  path: string;
  /** @throws ServingProblem INVALID_ARGUMENT */
  requestDeserialize(bytes: Buffer): unknown;
  responseSerialize(answer: object): Uint8Array;
}

const schemasOf = (service: ServiceDefinition): Record<string, MethodSchema> =>
  Object.fromEntries(
    Object.entries(service).map(([name, method]: [string, MethodDefinition<object, object>]) => [
      name,
      {
        name,
        path: method.path,
        requestDeserialize: (bytes) => read(method, bytes),
        responseSerialize: (answer) => method.responseSerialize(answer),
      },
    ]),
  );

/** The library throws errors of many kinds for what is no message. */
function read(method: MethodDefinition<object, object>, bytes: Buffer): object {
  try {
    return method.requestDeserialize(bytes);
  } catch {
    throw invalidArgument('The request cannot be read.');
  }
}

export const PREDICTIONS = schemasOf(loaded[PREDICTION_SERVICE] as ServiceDefinition);
export const MODELS = schemasOf(loaded[MODEL_SERVICE] as ServiceDefinition);
export const HEALTH = schemasOf(health as unknown as ServiceDefinition);
