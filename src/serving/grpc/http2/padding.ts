import { ConnectionError, ERROR, FLAG } from './frames.ts';

/**
 * A payload without what it was filled up with.
 * @throws ConnectionError
 */
export function unpadded(flags: number, payload: Buffer): Buffer {
  if ((flags & FLAG.padded) === 0) return payload;
  const length = payload[0] ?? 0;
  if (payload.length < 1 + length) throw new ConnectionError(ERROR.protocol, 'more padding than payload');
  return payload.subarray(1, payload.length - length);
}
