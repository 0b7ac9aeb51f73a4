import { Message } from '../../src/export/protobuf.ts';
import { randomOf } from '../../src/model/random.ts';
import { HOURS, INPUTS, layers } from './small-network.ts';

/** Distinct requests that a turn goes round: more than any server here has under way, so that none meets itself. */
const REQUESTS = 512;
/** As sensors and normalisers print them; all sides get the same letters. */
const DECIMALS = 6;

/** hours × inputs */
export type Sample = number[][];

export interface Workload {
  network: ReturnType<typeof layers>;
  samples: Sample[];
}

export function workload(): Workload {
  const random = randomOf('bench', 'serving');
  const network = layers(random);
  const value = () => Number((random() * 4 - 2).toFixed(DECIMALS));
  const hour = () => Array.from({ length: INPUTS }, value);
  const sample = () => Array.from({ length: HOURS }, hour);
  return { network, samples: Array.from({ length: REQUESTS }, sample) };
}

export const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export interface PredictTensor {
  dtype: 'float32' | 'int32';
  shape: readonly number[];
  data: Float32Array | Int32Array;
}

const NUMBERS = { float32: 1, int32: 3 };

/** `PredictRequest` of tensorflow/serving, with the values as `tf.make_tensor_proto` packs them. */
export function predictTensors(model: string, inputs: Readonly<Record<string, PredictTensor>>): Uint8Array {
  const request = new Message().message(1, new Message().text(1, model).text(3, 'serving_default'));
  for (const [name, { dtype, shape, data }] of Object.entries(inputs)) {
    const dimensions = shape.map((size) => new Message().integer(1, size));
    const tensor = new Message()
      .integer(1, NUMBERS[dtype])
      .message(2, new Message().messages(2, dimensions))
      .bytes(4, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    request.entry(2, name, tensor);
  }
  return request.encode();
}
