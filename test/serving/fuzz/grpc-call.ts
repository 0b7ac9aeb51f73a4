import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { Reply, Target } from './case.ts';

/** Long: on a machine that is busy with other things a server that lives may let one wait. */
const PATIENCE_MS = 90_000;
const sessions = new Map<string, ClientHttp2Session>();

/** One connection for many calls, as gRPC's own clients have; another where the server ended it. */
function sessionOf(address: string): ClientHttp2Session {
  const found = sessions.get(address);
  if (found && !found.closed && !found.destroyed) return found;
  const made = connect(`http://${address}`);
  made.on('error', () => undefined);
  sessions.set(address, made);
  return made;
}

export function closeGrpcClients(): void {
  for (const session of sessions.values()) session.destroy();
  sessions.clear();
}

export interface GrpcAsked {
  path: string;
  headers?: Record<string, string | string[]>;
  /** All bytes of the stream, with the five before each message. */
  bytes: Uint8Array;
  /** How it ends: as it should, by a reset, or not at all until the server ends it. */
  ends: 'well' | 'reset';
}

/** A gRPC message with its flag and length before it (PROTOCOL-HTTP2.md); both may be wrong. */
export function framed(message: Uint8Array, { flag = 0, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag);
  head.writeUInt32BE(length % 2 ** 32, 1);
  return Buffer.concat([head, message]);
}

export function callGrpc(
  { grpc, apiKey }: Target,
  { path, headers = {}, bytes, ends }: GrpcAsked,
): Promise<Reply> {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  let stream: ClientHttp2Stream;
  try {
    stream = sessionOf(grpc).request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'x-api-key': apiKey,
      ...headers,
    });
  } catch {
    return Promise.resolve({ kind: 'ended' });
  }
  const timer = setTimeout(() => {
    resolve({ kind: 'silent' });
    stream.close(constants.NGHTTP2_CANCEL);
  }, PATIENCE_MS);
  let found: Reply | undefined;
  const read = (fields: Record<string, unknown>) => {
    const code = fields['grpc-status'];
    const message = typeof fields['grpc-message'] === 'string' ? fields['grpc-message'] : '';
    if (code !== undefined) found = { kind: 'grpc', code: Number(code), message: decodeSafely(message) };
    else if (typeof fields[':status'] === 'number' && fields[':status'] !== 200) {
      found = {
        kind: 'http',
        status: fields[':status'],
        type: String(fields['content-type'] ?? ''),
        body: '',
      };
    }
  };
  stream.once('response', read);
  stream.once('trailers', read);
  stream.on('error', () => undefined);
  stream.resume();
  stream.once('close', () => {
    clearTimeout(timer);
    resolve(found ?? { kind: 'ended' });
  });
  if (ends === 'well') stream.end(bytes);
  else stream.write(bytes, () => setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 2));
  return promise;
}

/** Sends half of a message and no more. Resolves with how the server ends the call, or with nothing while it does not. */
export function halfCall(
  { grpc, apiKey }: Target,
  path: string,
  message: Uint8Array,
): { over: Promise<void>; stop(): void } {
  const session = connect(`http://${grpc}`);
  session.on('error', () => undefined);
  const stream = session.request({
    ...{ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
    'x-api-key': apiKey,
  });
  stream.on('error', () => undefined);
  stream.resume();
  stream.write(framed(message).subarray(0, Math.floor(message.length / 2)));
  const over = new Promise<void>((resolve) =>
    stream.once('end', () => resolve()).once('close', () => resolve()),
  );
  return { over, stop: () => session.destroy() };
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
