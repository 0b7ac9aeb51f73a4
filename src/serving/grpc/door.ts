import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { WireDoorParts } from '../doors/parts.ts';
import { checkRows } from '../doors/row-limit.ts';
import type { ModelConfig } from '../model-config.ts';
import type { CallContext } from '../service.ts';
import { admission } from './admission.ts';
import { modelService, predictionService } from './definitions.ts';
import { answerMetadata, answerReload, answerStatus, type ReloadMessage } from './descriptions.ts';
import { addHealth } from './health.ts';
import { answerClassify, answerMultiInference, answerRegress } from './inference.ts';
import type { InferenceMessage, MetadataMessage, MultiInferenceMessage, StatusMessage } from './messages.ts';
import { decodePredict, encodePrediction } from './predict-codec.ts';
import { unary } from './unary.ts';

export interface GrpcDoorParts extends WireDoorParts {
  /** Absent: plain. */
  credentials?: ServerCredentials | undefined;
  /** Told of another list of models that was taken, and who asked for it. */
  reloaded?: ((models: readonly ModelConfig[], by: CallContext) => Promise<void>) | undefined;
}

export interface GrpcDoor {
  readonly server: Server;
  /** Port 0: any. @returns the port */
  listen(port: number, host: string): Promise<number>;
  /** Takes no further calls and waits for those in hand. */
  close(): Promise<void>;
}

/** A peer that is gone without a word is noticed within two of these. */
const KEEPALIVE_MS = 30_000;

/** TensorFlow Serving's services, and the standard one of health. */
export function grpcDoor(parts: GrpcDoorParts): GrpcDoor {
  const { service, limits, credentials = ServerCredentials.createInsecure() } = parts;
  const admitted = admission(parts);
  const server = new Server({
    interceptors: [admitted.interceptor],
    'grpc.max_receive_message_length': limits.bodyBytes,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.enable_channelz': 0,
  });
  const method = <Request, Answer>(
    name: string,
    answer: (request: Request, context: CallContext) => Answer | Promise<Answer>,
  ) => unary(parts, admitted, name, answer);

  server.addService(predictionService, {
    Predict: method('Predict', (bytes: Buffer, context) => predict(parts, bytes, context)),
    Classify: method('Classify', (request: InferenceMessage, context) =>
      answerClassify(parts, request, context),
    ),
    Regress: method('Regress', (request: InferenceMessage, context) =>
      answerRegress(parts, request, context),
    ),
    MultiInference: method('MultiInference', (request: MultiInferenceMessage, context) =>
      answerMultiInference(parts, request, context),
    ),
    GetModelMetadata: method('GetModelMetadata', (request: MetadataMessage) =>
      answerMetadata(service, request),
    ),
  });
  server.addService(modelService, {
    GetModelStatus: method('GetModelStatus', (request: StatusMessage) => answerStatus(service, request)),
    HandleReloadConfigRequest: method('HandleReloadConfigRequest', (request: ReloadMessage, context) =>
      answerReload(service, request, async (models) => parts.reloaded?.(models, context)),
    ),
  });
  addHealth(server, service);

  return {
    server,
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
        server.bindAsync(address, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
      }),
    close: () => new Promise((resolve) => server.tryShutdown(() => resolve())),
  };
}

async function predict(
  { service, limits }: WireDoorParts,
  bytes: Buffer,
  context: CallContext,
): Promise<Buffer> {
  const parse = context.span?.child('parse');
  const { spec, signature, inputs, outputs } = decodePredict(bytes, limits.bodyBytes);
  parse?.end();
  const ports = service.signatures(spec).signatures.get(signature)?.inputs ?? [];
  checkRows(inputs, ports, limits);
  const request = { spec, signature, inputs, ...(outputs.length > 0 && { outputs }) };
  const answer = await service.predict(request, context);
  const write = context.span?.child('write');
  const answered = encodePrediction(answer) as Buffer;
  write?.end();
  return answered;
}
