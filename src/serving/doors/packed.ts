/** Lists of numbers as Protocol Buffers pack them. */

/** @throws RangeError where the last is cut off */
export function packedFloats(bytes: Uint8Array): number[] {
  if (bytes.length % 4 !== 0) throw new RangeError('a float is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true));
}

/**
 * Of 64 bits, as int64 reads them.
 * @throws RangeError where the last is cut off, or one has no end
 */
export function packedVarints(bytes: Uint8Array): bigint[] {
  const values: bigint[] = [];
  for (let at = 0; at < bytes.length;) {
    let value = 0n;
    let shift = 0n;
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 63n) throw new RangeError('a number has no end');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) break;
      shift += 7n;
    }
    values.push(BigInt.asIntN(64, value));
  }
  return values;
}

export function varints(values: Iterable<bigint>): Uint8Array {
  const bytes: number[] = [];
  for (const value of values) {
    let rest = BigInt.asUintN(64, value);
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    bytes.push(Number(rest));
  }
  return Uint8Array.from(bytes);
}
