import { CorruptArtifactError } from '../../errors.ts';
import { DTYPES, sizeOf, type Dtype, type ServingTensor, type TensorMap } from '../tensor.ts';

/** Tensors start at multiples of the widest element, so that arrays can lie over the bytes without a copy. */
const ALIGNMENT = 8;
const LENGTH_BYTES = 4;

/** Name, dtype, shape, and the length of each string. */
type Head = [string, Dtype, number[], number[]?][];

/** Length of the head, the head as JSON, then each tensor's values as they lie in memory: little-endian. */
export function encodeTensors(tensors: TensorMap): Uint8Array {
  const head: Head = [];
  const parts: Uint8Array[] = [];
  for (const [name, { dtype, shape, data }] of tensors) {
    if (Array.isArray(data)) {
      head.push([name, dtype, [...shape], data.map(({ length }) => length)]);
      parts.push(Buffer.concat(data));
    } else {
      head.push([name, dtype, [...shape]]);
      parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  const text = Buffer.from(JSON.stringify(head));
  const first = aligned(LENGTH_BYTES + text.length);
  const bytes = new Uint8Array(parts.reduce((end, part) => end + aligned(part.length), first));
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, LENGTH_BYTES);
  let offset = first;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += aligned(part.length);
  }
  return bytes;
}

/**
 * The tensors lie over the bytes given where those are aligned.
 * @throws CorruptArtifactError where they are not what `encodeTensors` writes
 */
export function decodeTensors(given: Uint8Array): TensorMap {
  // What a socket delivers may start anywhere within a larger buffer.
  const bytes = given.byteOffset % ALIGNMENT === 0 ? given : new Uint8Array(given);
  try {
    return decode(bytes);
  } catch (error) {
    throw new CorruptArtifactError('Cached bytes do not hold tensors.', 'They are computed again.', {
      cause: error,
    });
  }
}

function decode(bytes: Uint8Array): TensorMap {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + LENGTH_BYTES, length).toString();
  let offset = aligned(LENGTH_BYTES + length);
  const tensors = new Map<string, ServingTensor>();
  for (const [name, dtype, shape, lengths] of JSON.parse(text) as Head) {
    requireSizes(shape);
    requireSizes(lengths ?? []);
    if (lengths && (dtype !== 'string' || lengths.length !== sizeOf(shape)))
      throw new TypeError(`${name} has ${lengths.length} strings`);
    const size = lengths ? lengths.reduce((sum, one) => sum + one, 0) : sizeOf(shape) * widthOf(dtype);
    if (offset + size > bytes.length) throw new RangeError(`${name} ends after the bytes do`);
    tensors.set(name, {
      dtype,
      shape,
      data: lengths
        ? stringsOf(bytes.subarray(offset, offset + size), lengths)
        : numbersOf(dtype, bytes, offset, sizeOf(shape)),
    });
    offset += aligned(size);
  }
  return tensors;
}

function requireSizes(sizes: readonly number[]): void {
  if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) throw new TypeError('no sizes');
}

function stringsOf(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  let offset = 0;
  return lengths.map((length) => bytes.subarray(offset, (offset += length)));
}

function numbersOf(dtype: Dtype, bytes: Uint8Array, offset: number, count: number) {
  const { array: Values } = DTYPES[dtype];
  if (Values === Array) throw new TypeError('strings without lengths');
  return new (Values as typeof Float32Array)(bytes.buffer as ArrayBuffer, bytes.byteOffset + offset, count);
}

const widthOf = (dtype: Dtype) => (DTYPES[dtype].array as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT!;
const aligned = (length: number) => Math.ceil(length / ALIGNMENT) * ALIGNMENT;
