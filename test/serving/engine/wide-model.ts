import { Message } from '../../../src/export/protobuf.ts';

/** By name of the input: its number in `types.proto`. */
const PORTS = { long: 9, wide: 2, byte: 4, flag: 10, word: 7 };

/** A SavedModel that gives back what it is given, in each of the types that are not computed with. */
export function wideModel(): Uint8Array {
  const graph = new Message();
  const signature = new Message();
  const any = new Message().message(2, new Message().integer(1, -1));
  for (const [name, dtype] of Object.entries(PORTS)) {
    const type = new Message().integer(6, dtype);
    graph.message(1, new Message().text(1, name).text(2, 'Placeholder').entry(5, 'dtype', type));
    graph.message(
      1,
      new Message().text(1, `${name}_out`).text(2, 'Identity').text(3, name).entry(5, 'T', type),
    );
    const info = (tensor: string) => new Message().text(1, `${tensor}:0`).integer(2, dtype).message(3, any);
    signature.entry(1, name, info(name));
    signature.entry(2, `${name}_out`, info(`${name}_out`));
  }
  signature.text(3, 'tensorflow/serving/predict');
  const meta = new Message()
    .message(1, new Message().text(4, 'serve'))
    .message(2, graph)
    .entry(5, 'serving_default', signature);
  return new Message().integer(1, 1).message(2, meta).encode();
}
