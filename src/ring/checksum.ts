import { crc32 as byZlib } from 'node:zlib';
import type { Kernels } from '../native/kernels.ts';

/** Less than this is summed sooner than a compiled call is made. */
const FEW_BYTES = 1024;

let sum: (bytes: Uint8Array, value: number) => number = byZlib;

/** CRC-32 as zlib computes it, of `bytes` after what `value` is that of. */
export const crc32 = (bytes: Uint8Array, value = 0) => sum(bytes, value);

/** The same numbers, three times as fast: zlib's would be 4 % of attention's time in a ring of two. */
export function sumWith(kernels: Pick<Kernels, 'crc32'>): void {
  sum = (bytes, value) => (bytes.length < FEW_BYTES ? byZlib(bytes, value) : kernels.crc32({ bytes, value }));
}
