import { Message } from '../../src/export/protobuf.ts';
import { WireMessage } from '../../src/export/wire-message.ts';
import { randomOf } from '../../src/model/random.ts';
import { PREDICT } from './grpc.ts';
import type { Answer } from './http-client.ts';
import { json, predictTensors } from './inputs.ts';
import type { OwnServer } from './own-server.ts';
import { answerOf, HOURS, INPUTS, type Layer } from './small-network.ts';
import type { Asker } from './soak-load.ts';

export const VERSIONS = [1, 2];
const SAMPLES = 16;
const TOLERANCE = 1e-4;
const CONNECTIONS = { rest: 3, grpc: 3, http: 2 };

/** Connections to all three doors; each knows what either version answers to each of its requests. */
export function asDoors(model: string, networks: readonly Layer[][], server: OwnServer): Asker[] {
  const random = randomOf('soak', 'inputs');
  const hour = () => Array.from({ length: INPUTS }, () => Number((random() * 4 - 2).toFixed(4)));
  const samples = Array.from({ length: SAMPLES }, () => Array.from({ length: HOURS }, hour));
  const expected = samples.map((sample) => networks.map((network) => answerOf(network, sample.flat())));
  const judged =
    (outputsOf: (body: Buffer) => ArrayLike<number>) =>
    ({ status, body }: Answer, request: number): string | undefined => {
      if (status !== 200) return `${status} ${body.toString('utf8', 0, 200)}`;
      const outputs = outputsOf(body);
      const isOf = (answer: readonly number[]) =>
        answer.length === outputs.length &&
        answer.every(
          (value, at) => Math.abs(outputs[at]! - value) <= TOLERANCE * Math.max(1, Math.abs(value)),
        );
      return expected[request]!.some(isOf) ? undefined : 'an answer of neither version';
    };
  const first = (body: Buffer) =>
    (JSON.parse(body.toString()) as { predictions: number[][] }).predictions[0]!;
  const rest: Asker = {
    ...{ wire: 'http', port: server.rest, path: `/v1/models/${model}:predict`, complaint: judged(first) },
    bodies: samples.map((sample) => json({ instances: [sample] })),
  };
  const http: Asker = {
    ...{ wire: 'http', port: server.http, path: '/predict', complaint: judged(first) },
    bodies: samples.map((sample) => json({ model_name: model, data: [sample] })),
  };
  const grpc: Asker = {
    ...{ wire: 'grpc', port: server.grpc, path: PREDICT, complaint: judged(outputsOfMessage) },
    bodies: samples.map((sample) =>
      predictTensors(model, {
        x: { dtype: 'float32', shape: [1, HOURS, INPUTS], data: Float32Array.from(sample.flat()) },
      }),
    ),
  };
  const times = (count: number, asker: Asker) => Array.from({ length: count }, () => asker);
  return [
    ...times(CONNECTIONS.rest, rest),
    ...times(CONNECTIONS.grpc, grpc),
    ...times(CONNECTIONS.http, http),
  ];
}

/** The one output of a `PredictResponse`, behind gRPC's prefix: its values lie packed, or as bytes. */
function outputsOfMessage(body: Buffer): ArrayLike<number> {
  const [[, tensor]] = [...new WireMessage(body.subarray(5)).entries(1)] as [[string, WireMessage]];
  const [content] = tensor.blobs(4);
  return content ? new Float32Array(Uint8Array.from(content).buffer) : tensor.floats(5);
}

/** `ReloadConfigRequest` for one version of one SavedModel, with a name for what stays the same. */
export function reloadRequest(model: string, path: string, version: number): Uint8Array {
  const policy = new Message().message(102, new Message().integer(1, version));
  const config = new Message().text(1, model).text(2, path).text(4, 'tensorflow').message(7, policy);
  const list = new Message().message(1, config);
  return new Message().message(1, new Message().message(1, list)).encode();
}
