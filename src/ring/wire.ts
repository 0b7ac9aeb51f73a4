import type { BufferPool } from './buffers.ts';
import type { WireError } from './wire-error.ts';

/** What keys, values and their gradients travel as. Sums of weight gradients always travel as float32. */
export type Wire = 'float32' | 'bfloat16';

export interface Travel {
  wire: Wire;
  /** Is told what rounding took from everything that this rank sends. */
  error?: WireError;
}

export const EXACT: Travel = { wire: 'float32' };

export const bytesPerFloat = (wire: Wire) => (wire === 'float32' ? 4 : 2);

/** The upper half of each float32, rounded to nearest, ties to even; NaN stays NaN. */
export function toBfloat16(values: Float32Array, into: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    const isNaN = (word & 0x7fff_ffff) > 0x7f80_0000;
    into[i] = isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
}

export function fromBfloat16(halves: Uint16Array, into: Float32Array): void {
  const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
  for (let i = 0; i < bits.length; i++) bits[i] = halves[i]! << 16;
}

/** Tensors as they leave: their own memory where nothing is rounded, else halves in memory of the pool. */
export function pack(
  tensors: Record<string, Float32Array>,
  { wire, error }: Travel,
  pool: BufferPool,
): ArrayBufferView[] {
  if (wire === 'float32') return Object.values(tensors);
  return Object.entries(tensors).map(([name, values]) => {
    const halves = new Uint16Array(pool.take(2 * values.length));
    toBfloat16(values, halves);
    error?.add(name, values, halves);
    return halves;
  });
}

/** Two tensors of `length` floats each, from `offset` of a payload on: in place, or in memory of the pool. */
export function unpack(
  payload: ArrayBuffer,
  offset: number,
  length: number,
  { wire }: Travel,
  pool: BufferPool,
): [Float32Array, Float32Array] {
  const read = (at: number) => {
    if (wire === 'float32') return new Float32Array(payload, at, length);
    const values = new Float32Array(pool.take(4 * length));
    fromBfloat16(new Uint16Array(payload, at, length), values);
    return values;
  };
  const both: [Float32Array, Float32Array] = [read(offset), read(offset + length * bytesPerFloat(wire))];
  if (wire !== 'float32') pool.give(payload);
  return both;
}
