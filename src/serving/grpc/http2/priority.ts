import { ConnectionError, ERROR, StreamError } from './frames.ts';

const PRIORITY_BYTES = 5;

/** Who comes first is ours to say; only that the frame is one is looked at. */
export function requirePriority(stream: number, payload: Buffer): void {
  if (payload.length !== PRIORITY_BYTES) throw new StreamError(stream, ERROR.frameSize, 'a priority');
  if (dependsOn(payload) === stream) throw new StreamError(stream, ERROR.protocol, ITSELF);
}

/** The same at the beginning of HEADERS. @returns the header block after it, and what is wrong with the stream */
export function afterPriority(stream: number, payload: Buffer): [block: Buffer, problem?: string] {
  if (payload.length < PRIORITY_BYTES) throw new ConnectionError(ERROR.frameSize, 'half a priority');
  const block = payload.subarray(PRIORITY_BYTES);
  return dependsOn(payload) === stream ? [block, ITSELF] : [block];
}

const ITSELF = 'a stream that depends on itself';
const dependsOn = (payload: Buffer): number => payload.readUInt32BE(0) & 0x7fffffff;
