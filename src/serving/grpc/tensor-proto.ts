import { Message } from '../../export/protobuf.ts';
import { WireMessage } from '../../export/wire-message.ts';
import { packedVarints, varints } from '../doors/packed.ts';
import { type Dtype, DTYPES, dtypeByNumber, type NumericData, type ServingTensor } from '../tensor.ts';

/** Fields of `TensorProto` (tensor.proto). */
const DTYPE = 1;
const SHAPE = 2;
const CONTENT = 4;
/** The list that values of a type stand in. */
export const VALUES = {
  float32: 5,
  float64: 6,
  int32: 7,
  uint8: 7,
  string: 8,
  int64: 10,
  bool: 11,
} as const satisfies Record<Dtype, number>;

/** TensorFlow's types that no servable here has. */
const FOREIGN: Record<number, string | undefined> = {
  ...{ 5: 'DT_INT16', 6: 'DT_INT8', 8: 'DT_COMPLEX64', 14: 'DT_BFLOAT16', 17: 'DT_UINT16' },
  ...{ 18: 'DT_COMPLEX128', 19: 'DT_HALF', 22: 'DT_UINT32', 23: 'DT_UINT64' },
};

/**
 * A tensor as it came. Its values are copied once: what holds on to a tensor shall not hold its whole message.
 *
 * @param mostBytes that it may take: a list may be shorter than its shape, and its last value then stands for the rest
 * @throws RangeError that says what is wrong with it
 */
export function decodeTensor(message: WireMessage, mostBytes: number): ServingTensor {
  const dtype = dtypeOf(message.number(DTYPE));
  const shape = shapeOf(message.message(SHAPE));
  const size = shape.reduce((product, axis) => product * axis, 1);
  const bytesEach = dtype === 'string' ? 1 : DTYPES[dtype].array.BYTES_PER_ELEMENT;
  if (size * bytesEach > mostBytes) {
    throw new RangeError(`its shape [${shape.join(', ')}] is of more than ${mostBytes} bytes`);
  }
  const content = message.blobs(CONTENT).at(-1);
  if (content && content.length > 0) return { dtype, shape, data: fromContent(dtype, size, content) };
  if (dtype === 'string') return { dtype, shape, data: filled(message.blobs(VALUES.string), size) };
  return { dtype, shape, data: fromValues(message, dtype, size) };
}

/** What stands in the list of its values, each with a key of its own: strings one by one, all else packed. */
export function encodeValues({ dtype, data }: ServingTensor): Uint8Array[] {
  if (dtype === 'string') return data as Uint8Array[];
  const numbers = data as NumericData;
  if (numbers.length === 0) return [];
  const asTheyLie = dtype === 'float32' || dtype === 'float64' || dtype === 'bool';
  return [asTheyLie ? asBytes(numbers) : packedIntegers(numbers)];
}

/** Null: of any rank. */
export function encodeShape(shape: readonly number[] | null): Message {
  if (shape === null) return new Message().integer(3, true);
  return new Message().messages(
    2,
    shape.map((size) => new Message().integer(1, size)),
  );
}

function dtypeOf(number: number): Dtype {
  const dtype = dtypeByNumber(number);
  if (dtype) return dtype;
  const name = FOREIGN[number];
  throw new RangeError(
    name ? `${name} is not taken` : number === 0 ? 'it has no dtype' : `there is no dtype ${number}`,
  );
}

function shapeOf(message: WireMessage): number[] {
  if (message.number(3) === 1) throw new RangeError('its shape is unknown');
  const shape = message.messages(2).map((dimension) => dimension.number(1));
  if (shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0)) return shape;
  throw new RangeError(`its shape is [${shape.join(', ')}]`);
}

function fromContent(dtype: Dtype, size: number, content: Uint8Array): ServingTensor['data'] {
  if (dtype === 'string') return stringsOf(content, size);
  const { array } = DTYPES[dtype];
  if (content.length !== size * array.BYTES_PER_ELEMENT) {
    throw new RangeError(
      `its tensor_content has ${content.length} bytes, its shape needs ${size * array.BYTES_PER_ELEMENT}`,
    );
  }
  // Not zeroed before it is filled.
  const copy = Buffer.allocUnsafeSlow(content.length);
  copy.set(content);
  if (dtype === 'bool') return Uint8Array.from(copy, (flag) => (flag === 0 ? 0 : 1));
  return new array(copy.buffer);
}

/** As TensorFlow packs them: all the lengths, then all the bytes. */
function stringsOf(content: Uint8Array, size: number): Uint8Array[] {
  let at = 0;
  const lengths: number[] = [];
  while (lengths.length < size) {
    const from = at;
    while (at < content.length && content[at]! >= 128) at += 1;
    at += 1;
    lengths.push(Number(packedVarints(content.subarray(from, at))[0] ?? -1));
  }
  return lengths.map((length) => {
    if (length < 0 || at + length > content.length) throw new RangeError('its tensor_content is cut off');
    at += length;
    return new Uint8Array(content.subarray(at - length, at));
  });
}

/** TensorFlow's rule: the last value stands for all that are missing, zero where there is none; what is over is not read. */
function fromValues(message: WireMessage, dtype: Exclude<Dtype, 'string'>, size: number): NumericData {
  const data = new DTYPES[dtype].array(size);
  const given = valuesOf(message, dtype);
  const count = Math.min(given.length, size);
  if (given instanceof BigInt64Array || data instanceof BigInt64Array) {
    if (given instanceof BigInt64Array && data instanceof BigInt64Array) {
      data.set(given.subarray(0, count));
      if (count > 0) data.fill(given[count - 1]!, count);
    }
    return data;
  }
  data.set(given.subarray(0, count));
  if (count > 0) data.fill(given[count - 1]!, count);
  return data;
}

/** Those of the list, packed or one by one, which a message may mix. */
function valuesOf(message: WireMessage, dtype: Exclude<Dtype, 'string'>): NumericData {
  const field = VALUES[dtype];
  const blobs = message.blobs(field);
  if (dtype === 'float32' || dtype === 'float64') {
    const { array } = DTYPES[dtype];
    const [only] = blobs;
    if (blobs.length === 1 && only!.length % array.BYTES_PER_ELEMENT === 0) {
      return new array(new Uint8Array(only!).buffer);
    }
    return array.from(dtype === 'float32' ? message.floats(field) : message.doubles(field));
  }
  if (dtype === 'int64') {
    return BigInt64Array.from([...message.bigIntegers(field), ...blobs.flatMap(packedVarints)]);
  }
  const integers = message.integers(field);
  if (dtype === 'bool') return Uint8Array.from(integers, (flag) => (flag === 0 ? 0 : 1));
  return dtype === 'int32' ? Int32Array.from(integers) : Uint8Array.from(integers);
}

function filled(values: readonly Uint8Array[], size: number): Uint8Array[] {
  const own = values.slice(0, size).map((value) => new Uint8Array(value));
  const last = own.at(-1) ?? new Uint8Array(0);
  return [...own, ...Array.from({ length: size - own.length }, () => last)];
}

const asBytes = ({ buffer, byteOffset, byteLength }: NumericData) =>
  new Uint8Array(buffer, byteOffset, byteLength);

const packedIntegers = (numbers: NumericData): Uint8Array =>
  numbers instanceof BigInt64Array ? varints(numbers) : smallVarints(numbers);

/** Of 32 bits at most; a negative one takes ten bytes, as its 64 bits do. */
function smallVarints(numbers: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 10);
  let at = 0;
  for (let i = 0; i < numbers.length; i++) {
    let rest = numbers[i]!;
    // Shifted with its sign, a negative one ends in 63 bits of ones and the one above them.
    const groups = rest < 0 ? 9 : 0;
    for (let group = 0; group < groups || rest > 127; group++) {
      bytes[at++] = (rest & 127) | 128;
      rest >>= 7;
    }
    bytes[at++] = groups > 0 ? 1 : rest;
  }
  return bytes.subarray(0, at);
}
