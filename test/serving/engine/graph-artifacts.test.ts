import { throws } from 'node:assert/strict';
import { WireMessage } from '../../../src/export/wire-message.ts';
import { BadInputError } from '../../../src/errors.ts';
import { graphArtifacts } from '../../../src/serving/engine/graph-artifacts.ts';

const part = (field: number, bytes: Uint8Array | string): Buffer => {
  const content = Buffer.from(bytes);
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
};
const whole = (field: number, value: number) => Buffer.concat([varint(field * 8), varint(value)]);

/** A graph of one constant of these sizes and one value, which stands for all. */
function graphOf(sizes: readonly number[], type: number): WireMessage {
  const shape = Buffer.concat(sizes.map((size) => part(2, whole(1, size))));
  const tensor = Buffer.concat([whole(1, type), part(2, shape)]);
  const value = part(5, Buffer.concat([part(1, 'value'), part(2, part(8, tensor))]));
  const node = Buffer.concat([part(1, 'c'), part(2, 'Const'), value]);
  return new WireMessage(part(1, node));
}

describe('constants of a graph', () => {
  const [float, text] = [1, 7];

  it('are refused where their shape asks for more memory than there is, before any of it is taken', () => {
    for (const type of [float, text]) {
      for (const sizes of [[2_000_000_000], [1_000_000, 1_000_000], [2 ** 40, 0.5 * 2 ** 20]]) {
        throws(() => graphArtifacts(graphOf(sizes, type)), BadInputError);
      }
    }
  });
});

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
