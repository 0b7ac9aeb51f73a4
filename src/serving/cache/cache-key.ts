import { createHash } from 'node:crypto';
import type { TensorMap } from '../tensor.ts';

export interface Asked {
  /** Of the version's own bytes: another version never answers from this one's entries. */
  modelHash: string;
  signature: string;
  /** Absent: all. */
  outputs?: readonly string[] | undefined;
  inputs: TensorMap;
}

/**
 * Hex of SHA-256 over what is asked. The head is JSON and tells how many bytes follow for each input, so two requests
 * that differ anywhere, were it only in where one string ends and the next begins, never hash the same bytes.
 */
export function cacheKey({ modelHash, signature, outputs, inputs }: Asked): string {
  const named = [...inputs].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const wanted = outputs ? [...new Set(outputs)].toSorted() : null;
  const ports = named.map(([name, { dtype, shape, data }]) => [
    name,
    dtype,
    shape,
    Array.isArray(data) ? data.map(({ length }) => length) : data.byteLength,
  ]);
  const hash = createHash('sha256').update(JSON.stringify([modelHash, signature, wanted, ports]));
  for (const [, { data }] of named) {
    for (const part of Array.isArray(data) ? data : [data]) hash.update(part);
  }
  return hash.digest('hex');
}
