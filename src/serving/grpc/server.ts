import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer, type TlsOptions } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { type CallParts, takeCall, tooLarge } from './call.ts';
import { ServerConnection } from './http2/connection.ts';

/** A peer that is gone without a word is noticed within two of these. */
const KEEPALIVE_MS = 30_000;
const HANDSHAKE_MS = 10_000;
/** Peers that do not hear that the server closes are not waited for any longer. */
const LEAVE_MS = 30_000;

export interface GrpcServer {
  readonly server: Server | TlsServer;
  /** Port 0: any. @returns the port */
  listen(port: number, host: string): Promise<number>;
  /** Takes no further calls and waits for those in hand. */
  close(): Promise<void>;
}

/**
 * gRPC over HTTP/2 (grpc.io's PROTOCOL-HTTP2), as far as one message for one message needs it, on frames of our own:
 * whatever the library or Node's HTTP/2 do for a call (streams, events, metadata, a write a frame) takes several times
 * as long as to read the call and answer it.
 */
export function grpcServer(parts: CallParts, tls: TlsOptions | undefined): GrpcServer {
  const connections = new Set<ServerConnection>();
  let isClosing = false;
  const welcome = (socket: Socket) => {
    const connection = new ServerConnection(socket, {
      stream: (stream) => takeCall(parts, stream),
      tooLarge,
    });
    connections.add(connection);
    const timers = watch(connection, parts.limits.requestMs);
    socket.once('close', () => {
      timers.forEach(clearTimeout);
      connections.delete(connection);
    });
    // Its TLS took longer than the rest.
    if (isClosing) connection.leave();
  };
  const server = tls
    ? createTlsServer({ ...tls, ALPNProtocols: ['h2'], handshakeTimeout: HANDSHAKE_MS }, (socket) =>
        // Who names no protocol speaks some other (RFC 9113, section 3.2).
        socket.alpnProtocol === 'h2' ? welcome(socket) : socket.on('error', () => {}).destroySoon(),
      )
    : createServer(welcome);
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
        const late = setTimeout(() => connections.forEach((each) => each.destroy()), LEAVE_MS);
        server.close(() => {
          clearTimeout(late);
          resolve();
        });
        isClosing = true;
        for (const connection of connections) connection.leave();
      }),
  };
}

/** Ends a connection whose peer is gone, or that stays with half of something. */
function watch(connection: ServerConnection, requestMs: number): NodeJS.Timeout[] {
  const { socket } = connection;
  const handshake = setTimeout(() => {
    if (!connection.isSettled) connection.destroy();
  }, HANDSHAKE_MS).unref();
  let answered = true;
  let movedBefore = 0;
  const alive = setInterval(() => {
    const moved = socket.bytesRead + socket.bytesWritten - socket.writableLength;
    if (!answered && moved === movedBefore) connection.destroy();
    movedBefore = moved;
    answered = false;
    connection.ping(() => (answered = true));
    connection.resetStalled();
  }, KEEPALIVE_MS).unref();
  const halves = setInterval(
    () => {
      const { partSince } = connection;
      if (partSince !== undefined && performance.now() - partSince > requestMs) connection.destroy();
    },
    Math.max(1000, requestMs / 4),
  ).unref();
  return [handshake, alive, halves];
}
