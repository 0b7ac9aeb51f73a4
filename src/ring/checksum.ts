import { crc32 as byZlib } from 'node:zlib';
import { compiled } from '../native/compiled.ts';

/** Less than this is summed sooner than a compiled call is made. */
const FEW_BYTES = 1024;

/**
 * CRC-32 as zlib computes it, of `bytes` after what `value` is that of. The compiled kernels give the same numbers
 * three times as fast: zlib's would be 4 % of attention's time in a ring of two.
 */
export function crc32(bytes: Uint8Array, value = 0): number {
  const native = bytes.length < FEW_BYTES ? undefined : compiled();
  return native ? native.kernels.crc32({ bytes, value }) : byZlib(bytes, value);
}
