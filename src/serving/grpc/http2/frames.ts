/** Frames of HTTP/2 (RFC 9113, sections 4.1 and 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

/** RFC 9113, section 7. */
export const ERROR = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const;
export type ErrorCode = (typeof ERROR)[keyof typeof ERROR];

export const HEAD_BYTES = 9;
/** Of a payload, unless the other side allows more. We never ask for more. */
export const FRAME_BYTES = 16_384;
export const DEFAULT_WINDOW = 65_535;
export const MOST_WINDOW = 2 ** 31 - 1;

/** What the peer does is against the protocol, or too much: the connection ends. */
export class ConnectionError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The same of one stream: that one ends. */
export class StreamError extends Error {
  readonly stream: number;
  readonly code: ErrorCode;

  constructor(stream: number, code: ErrorCode, message: string) {
    super(message);
    this.stream = stream;
    this.code = code;
  }
}

/** Writes the nine bytes before a payload. @returns where the payload begins */
export function writeHead(
  into: Buffer,
  at: number,
  { length, type, flags, stream }: { length: number; type: number; flags: number; stream: number },
): number {
  into.writeUIntBE(length, at, 3);
  into[at + 3] = type;
  into[at + 4] = flags;
  into.writeUInt32BE(stream, at + 5);
  return at + HEAD_BYTES;
}

export function frame(type: number, flags: number, stream: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + length);
  let at = writeHead(bytes, 0, { length, type, flags, stream });
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function resetFrame(stream: number, code: ErrorCode): Buffer {
  return frame(FRAME.reset, 0, stream, uint32(code));
}

export function windowUpdate(stream: number, bytes: number): Buffer {
  return frame(FRAME.windowUpdate, 0, stream, uint32(bytes));
}

export function goAway(lastStream: number, code: ErrorCode, why = ''): Buffer {
  return frame(FRAME.goAway, 0, 0, uint32(lastStream), uint32(code), Buffer.from(why));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
