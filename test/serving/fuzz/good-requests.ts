import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { WireMessage } from '../../../src/export/wire-message.ts';
import type { Target } from './case.ts';
import { predictRequest } from './grpc-cases.ts';
import { ask } from './http-request.ts';

/** What is right, asked at each door: y = 2x + 1. Says which door does not answer it, or wrongly. */
export async function checkGood(target: Target, value: number): Promise<string[]> {
  const right = [2 * value + 1, 1];
  const [rest, http, grpc] = await Promise.all([
    ask(target, { url: `${target.rest}/v1/models/line:predict`, body: `{"instances":[[${value},0]]}` }),
    ask(target, { url: `${target.http}/predict`, body: `{"data":[[${value},0]],"model_name":"line"}` }),
    askGrpc(target, value).catch((error: Error) => error.message),
  ]);
  const found = {
    rest: rest.kind === 'http' ? rest.body : rest.kind,
    http: http.kind === 'http' ? http.body : http.kind,
    grpc: typeof grpc === 'string' ? grpc : JSON.stringify({ predictions: [grpc] }),
  };
  return Object.entries(found).flatMap(([door, body]) =>
    JSON.stringify(predictionOf(body)) === JSON.stringify(right) ? [] : [`${door}: ${body.slice(0, 200)}`],
  );
}

function predictionOf(body: string): unknown {
  try {
    return (JSON.parse(body) as { predictions?: unknown[] }).predictions?.[0];
  } catch {
    return undefined;
  }
}

/** By gRPC's own client, on a connection of its own. */
function askGrpc({ grpc, apiKey }: Target, value: number): Promise<number[]> {
  const client = new Client(grpc, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('x-api-key', apiKey);
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  client.makeUnaryRequest(
    '/tensorflow.serving.PredictionService/Predict',
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
    Buffer.from(predictRequest({ floats: [value, 0] })),
    metadata,
    { deadline: Date.now() + 90_000 },
    (error, answer) => (error ? reject(error) : resolve(valuesOf(answer!))),
  );
  return promise.finally(() => client.close());
}

/** `y` of a `PredictResponse`, in either of the two ways that a tensor holds its values. */
function valuesOf(answer: Buffer): number[] {
  const tensor = new Map(new WireMessage(answer).entries(1)).get('y')!;
  const [content = Buffer.alloc(0)] = [...tensor.blobs(4), ...tensor.blobs(5)];
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  return Array.from({ length: content.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
}
