import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export const PROTOS = fileURLToPath(new URL('protos', import.meta.url));

/** Names as in the schemas; a version is a number, as everywhere here. */
const loaded = loadSync('serving.proto', {
  includeDirs: [PROTOS],
  ...{ keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true },
});

export const PREDICTION_SERVICE = 'tensorflow.serving.PredictionService';
export const MODEL_SERVICE = 'tensorflow.serving.ModelService';

const general = loaded[PREDICTION_SERVICE] as ServiceDefinition;

/** Predict is read and written by `predict-codec.ts`, once its caller has been let in. */
export const predictionService: ServiceDefinition = {
  ...general,
  Predict: {
    ...general.Predict!,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
  },
};

export const modelService = loaded[MODEL_SERVICE] as ServiceDefinition;
