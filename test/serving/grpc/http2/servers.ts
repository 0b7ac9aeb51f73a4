import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { CallParts, GrpcMethod } from '../../../../src/serving/grpc/call.ts';
import { ServerConnection } from '../../../../src/serving/grpc/http2/connection.ts';
import { encodeFields } from '../../../../src/serving/grpc/http2/hpack/encoder.ts';
import type { ServerStream } from '../../../../src/serving/grpc/http2/stream.ts';
import { refusal } from '../../../../src/serving/grpc/problem.ts';
import { type GrpcServer, grpcServer } from '../../../../src/serving/grpc/server.ts';
import { SMALL_LIMITS } from '../../wire/small-service.ts';

export const OK = encodeFields({ ':status': 200 });
export const DONE = encodeFields({ done: 'yes' });
export const tooLarge = (status: number) => encodeFields({ ':status': status });

export interface Http2 extends AsyncDisposable {
  port: number;
  url: string;
  connections: ServerConnection[];
}

/** HTTP/2 alone, each of whose streams the test answers. */
export async function http2Server(take: (stream: ServerStream) => void): Promise<Http2> {
  const connections: ServerConnection[] = [];
  const server = createServer((socket) => {
    connections.push(new ServerConnection(socket, { stream: take, tooLarge }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    connections,
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Hears all of a request before it answers. */
export const whenWhole = (stream: ServerStream, answer: (body: Buffer) => void): void => {
  const pieces: Buffer[] = [];
  stream.read({
    data: (bytes) => void pieces.push(Buffer.from(bytes)),
    end: () => answer(Buffer.concat(pieces)),
  });
};

export const answer = (stream: ServerStream, body: Buffer): void => {
  stream.respond(OK);
  if (body.length > 0) stream.write(body);
  stream.end(DONE);
};

/** What came goes back. */
export const echo: GrpcMethod = {
  admit: async () => {},
  unary: async (bytes) => ({ requestId: 'echo', answer: bytes }),
};

export interface Grpc extends AsyncDisposable, GrpcServer {
  port: number;
}

export async function grpc(
  methods: Record<string, GrpcMethod>,
  { closing = new AbortController().signal, ...more }: Partial<CallParts> = {},
  { port = 0, tls }: { port?: number; tls?: TlsOptions } = {},
): Promise<Grpc> {
  const server = grpcServer(
    {
      methods: new Map(Object.entries(methods)),
      limits: { ...SMALL_LIMITS, bodyBytes: 8 * 2 ** 20 },
      refusal: (error) => refusal(error, 'none', { log: { error() {} } }),
      closing,
      ...more,
    },
    tls,
  );
  return {
    ...server,
    port: await server.listen(port, '127.0.0.1'),
    [Symbol.asyncDispose]: () => server.close(),
  };
}
