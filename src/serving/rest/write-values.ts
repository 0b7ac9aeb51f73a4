import type { ServingTensor } from '../tensor.ts';
import type { ByteWriter } from './byte-writer.ts';
import { writeDecimal } from './write-decimal.ts';

/** Writes the value at an index. */
export type ValueWriter = (index: number) => void;

/** How the values of a tensor are written; chosen once a tensor. */
export function valueWriter(writer: ByteWriter, name: string, { dtype, data }: ServingTensor): ValueWriter {
  switch (dtype) {
    case 'float32':
    case 'float64': {
      const numbers = data as Float32Array;
      const single = dtype === 'float32';
      return (index) => writeDecimal(writer, numbers[index]!, single);
    }
    case 'string': {
      const strings = data as Uint8Array[];
      // TensorFlow Serving tells bytes from text by the name.
      return name.endsWith('_bytes')
        ? (index) => writer.ascii(`{"b64": "${Buffer.from(strings[index]!).toString('base64')}"}`)
        : (index) => writeString(writer, strings[index]!);
    }
    case 'bool': {
      const flags = data as Uint8Array;
      return (index) => writer.ascii(flags[index] ? 'true' : 'false');
    }
    default: {
      const integers = data as Int32Array;
      return (index) => writer.ascii(String(integers[index]));
    }
  }
}

const HEX = '0123456789ABCDEF';
const SHORT: Record<number, string | undefined> = {
  ...{ 0x22: '\\"', 0x5c: '\\\\', 0x08: '\\b', 0x0c: '\\f', 0x0a: '\\n', 0x0d: '\\r', 0x09: '\\t' },
};

/** Bytes beyond ASCII stand as they are: the text is taken for UTF-8, as TensorFlow Serving does. */
export function writeString(writer: ByteWriter, text: Uint8Array): void {
  writer.ascii('"');
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter >= 0x20 && letter !== 0x22 && letter !== 0x5c) continue;
    writer.raw(text.subarray(from, at));
    writer.ascii(SHORT[letter] ?? `\\u00${HEX[letter >> 4]}${HEX[letter & 15]}`);
    from = at + 1;
  }
  writer.raw(text.subarray(from));
  writer.ascii('"');
}
