import { createHash } from 'node:crypto';

/** JSON with sorted keys and no spaces, so that equal values have equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The name of a piece of work: 16 hexadecimal digits of the hash of everything that decides its result. */
export function workKey(value: unknown): string {
  return sha256(canonicalJson(value)).slice(0, 16);
}
