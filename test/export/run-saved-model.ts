import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '../../src/lake/safetensors.ts';
import { tensorsOf, type Answers } from './tensors.ts';
import { WireMessage } from '../../src/export/wire-message.ts';

const DTYPES: Record<number, string> = { 1: 'DT_FLOAT', 3: 'DT_INT32', 10: 'DT_BOOL' };

/** What TensorFlow.js's own reader of TensorFlow graphs answers to the signature of a `saved_model.pb`. */
export async function runSavedModel(file: Uint8Array, inputs: Record<string, Tensor>): Promise<Answers> {
  const meta = new WireMessage(file).message(2);
  const signature = meta.entries(5).get('serving_default')!;
  const model = await tf.loadGraphModel(handlerOf(meta.message(2)));
  const given = tensorsOf(inputs);
  const named: tf.NamedTensorMap = {};
  for (const [name, info] of signature.entries(1)) named[nodeOf(info)] = given.get(name)!;
  const answers: Answers = {};
  for (const [name, info] of signature.entries(2)) {
    const found = model.execute(named, nodeOf(info)) as tf.Tensor;
    answers[name] = { shape: found.shape, data: (await found.data()) as Float32Array };
    found.dispose();
  }
  for (const tensor of given.values()) tensor.dispose();
  model.dispose();
  return answers;
}

const nodeOf = (info: WireMessage) => info.text(1).replace(/:0$/, '');

/** The graph as the converter would have written it: nodes as JSON, constants in a buffer beside. */
function handlerOf(graph: WireMessage): tf.io.IOHandler {
  const weightSpecs: tf.io.WeightsManifestEntry[] = [];
  const weights: Uint8Array[] = [];
  const node = graph.messages(1).map((each) => {
    const attributes = each.entries(5);
    const value = attributes.get('value')?.message(8);
    if (value) {
      const dtype = value.number(1) === 3 ? 'int32' : 'float32';
      weightSpecs.push({ name: each.text(1), shape: shapeOf(value.message(2)), dtype });
      weights.push(value.blobs(4)[0]!);
      attributes.delete('value');
    }
    const attr = Object.fromEntries([...attributes].map(([name, one]) => [name, attributeOf(one)]));
    return { name: each.text(1), op: each.text(2), input: each.texts(3), attr };
  });
  const versions = { producer: graph.message(4).number(1) };
  const bytes = Buffer.concat(weights);
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  return { load: async () => ({ modelTopology: { node, versions }, weightSpecs, weightData }) };
}

function attributeOf(value: WireMessage): object {
  if (value.has(6)) return { type: DTYPES[value.number(6)] };
  if (value.has(7))
    return { shape: { dim: shapeOf(value.message(7)).map((size) => ({ size: String(size) })) } };
  return value.has(5) ? { b: value.number(5) === 1 } : { i: String(value.number(3)) };
}

const shapeOf = (shape: WireMessage) => shape.messages(2).map((dimension) => dimension.number(1));
