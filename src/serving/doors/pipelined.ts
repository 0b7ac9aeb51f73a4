import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Clients that do not wait for an answer send a few requests ahead; nobody sends more but to fill this memory. */
const MOST_AHEAD = 100;

/** Ends connections that send requests without end before they have read an answer: each holds memory until then. */
export function boundPipelined(app: FastifyInstance, most = MOST_AHEAD): void {
  const ahead = new WeakMap<Socket, number>();
  const count = (socket: Socket, more: 1 | -1) => {
    const now = (ahead.get(socket) ?? 0) + more;
    ahead.set(socket, now);
    return now;
  };
  // Before anything is done for the request.
  (app.server as Server).prependListener('request', ({ socket }: IncomingMessage, reply: ServerResponse) => {
    reply.once('close', () => count(socket, -1));
    if (count(socket, 1) > most) socket.destroy();
  });
}
