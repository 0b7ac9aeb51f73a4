import type { TlsOptions } from 'node:tls';
import type { WireDoorParts } from '../doors/parts.ts';
import { checkRows } from '../doors/row-limit.ts';
import { giveBack } from '../lent-memory.ts';
import type { ModelConfig } from '../model-config.ts';
import type { CallContext, Role } from '../service.ts';
import { letGoOf } from '../tensor.ts';
import { markModel } from '../told-errors.ts';
import type { GrpcMethod } from './call.ts';
import { MODELS, type MethodSchema, PREDICTIONS } from './definitions.ts';
import { answerMetadata, answerReload, answerStatus, type ReloadMessage } from './descriptions.ts';
import { healthMethods } from './health.ts';
import { answerClassify, answerMultiInference, answerRegress } from './inference.ts';
import type { InferenceMessage, MetadataMessage, MultiInferenceMessage, StatusMessage } from './messages.ts';
import { decodePredict, encodePrediction, type WirePredict } from './predict-codec.ts';
import { refusal } from './problem.ts';
import { type GrpcServer, grpcServer } from './server.ts';
import { unary } from './unary.ts';

export interface GrpcDoorParts extends WireDoorParts {
  /** Absent: plain. */
  tls?: TlsOptions | undefined;
  /** Told of another list of models that was taken, and who asked for it. */
  reloaded?: ((models: readonly ModelConfig[], by: CallContext) => Promise<void>) | undefined;
}

export type GrpcDoor = GrpcServer;

/** Read and written by `predict-codec.ts`. */
const PREDICT: MethodSchema = {
  ...PREDICTIONS.Predict!,
  requestDeserialize: (bytes) => bytes,
  responseSerialize: (bytes) => bytes as Uint8Array,
};

/** TensorFlow Serving's services, and the standard one of health. */
export function grpcDoor(parts: GrpcDoorParts): GrpcDoor {
  const { service, limits, tls } = parts;
  const methods = new Map<string, GrpcMethod>(healthMethods(service));
  const add = <Request, Answer extends object>(
    schema: MethodSchema,
    needed: Role,
    answer: (request: Request, context: CallContext) => Answer | Promise<Answer>,
  ) => methods.set(schema.path, unary(parts, schema, needed, answer) as GrpcMethod);

  add(PREDICT, 'viewer', (bytes: Buffer, context) => predict(parts, bytes, context));
  add(PREDICTIONS.Classify!, 'viewer', (request: InferenceMessage, context) =>
    answerClassify(parts, request, context),
  );
  add(PREDICTIONS.Regress!, 'viewer', (request: InferenceMessage, context) =>
    answerRegress(parts, request, context),
  );
  add(PREDICTIONS.MultiInference!, 'viewer', (request: MultiInferenceMessage, context) =>
    answerMultiInference(parts, request, context),
  );
  add(PREDICTIONS.GetModelMetadata!, 'viewer', (request: MetadataMessage) =>
    answerMetadata(service, request),
  );
  add(MODELS.GetModelStatus!, 'viewer', (request: StatusMessage) => answerStatus(service, request));
  add(MODELS.HandleReloadConfigRequest!, 'admin', (request: ReloadMessage, context) =>
    answerReload(service, request, async (models) => parts.reloaded?.(models, context)),
  );

  const closing = new AbortController();
  const server = grpcServer(
    { methods, limits, closing: closing.signal, refusal: (error) => refusal(error, 'none', parts) },
    tls,
  );
  return {
    ...server,
    close() {
      closing.abort();
      return server.close();
    },
  };
}

async function predict(
  { service, limits }: WireDoorParts,
  bytes: Buffer,
  context: CallContext,
): Promise<Uint8Array> {
  const parse = context.span?.child('parse');
  let name: string | undefined;
  let asked: WirePredict;
  try {
    asked = decodePredict(bytes, limits.bodyBytes, (spec) => (name = spec.name));
    const { spec, signature, inputs } = asked;
    checkRows(inputs, service.signatures(spec).signatures.get(signature)?.inputs ?? [], limits);
  } catch (error) {
    markModel(error, name, service);
    throw error;
  } finally {
    // Its values were copied.
    giveBack(bytes);
  }
  parse?.end();
  const { spec, signature, inputs, outputs } = asked;
  const request = { spec, signature, inputs, ...(outputs.length > 0 && { outputs }) };
  const answer = await service.predict(request, context);
  letGoOf(inputs, answer.outputs);
  const write = context.span?.child('write');
  const answered = encodePrediction(answer);
  write?.end();
  return answered;
}
