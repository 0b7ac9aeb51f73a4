import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { type CallParts, takeCall } from './call.ts';

/** Bytes that may be under way to one call, and to one connection, before they are read. */
const STREAM_WINDOW = 2 ** 20;
const SESSION_WINDOW = 2 ** 22;
const MOST_STREAMS = 256;
/** A peer that is gone without a word is noticed within two of these. */
const KEEPALIVE_MS = 30_000;
const HANDSHAKE_MS = 10_000;

export interface GrpcServer {
  readonly server: Http2Server | Http2SecureServer;
  /** Port 0: any. @returns the port */
  listen(port: number, host: string): Promise<number>;
  /** Takes no further calls and waits for those in hand. */
  close(): Promise<void>;
}

/**
 * gRPC over HTTP/2 (grpc.io's PROTOCOL-HTTP2), as far as one message for one message needs it. The library's server
 * takes more than twice the time for a call: three layers of streams, and metadata copied in each.
 */
export function grpcServer(parts: CallParts, tls: TlsOptions | undefined): GrpcServer {
  const settings = { initialWindowSize: STREAM_WINDOW, maxConcurrentStreams: MOST_STREAMS };
  const server = tls
    ? createSecureServer({ ...tls, settings, handshakeTimeout: HANDSHAKE_MS })
    : createServer({ settings });
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    keepAlive(session);
  });
  server.on('stream', (stream, headers) => takeCall(parts, stream, headers));
  // Peers that break off, or speak something else, end their own connection.
  server.on('sessionError', () => {});
  server.on('tlsClientError', () => {});

  return {
    server,
    async listen(port, host) {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      return (server.address() as AddressInfo).port;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.close();
      }),
  };
}

function keepAlive(session: ServerHttp2Session): void {
  session.setLocalWindowSize(SESSION_WINDOW);
  let answered = true;
  const timer = setInterval(() => {
    if (!answered || session.destroyed) {
      session.destroy();
      return;
    }
    answered = false;
    session.ping(() => (answered = true));
  }, KEEPALIVE_MS).unref();
  session.once('close', () => clearInterval(timer));
}
