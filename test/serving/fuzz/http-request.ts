import { Agent, request } from 'node:http';
import type { Reply, Target } from './case.ts';

/** Connections are kept, as clients do: what one request leaves behind the next one meets. */
const agent = new Agent({ keepAlive: true, maxSockets: 16, maxFreeSockets: 4 });
export const closeClients = () => agent.destroy();

/** Long: on a machine that is busy with other things a server that lives may let one wait. */
const PATIENCE_MS = 90_000;
const LONGEST_KEPT = 64 * 1024;

export interface Asked {
  url: string;
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: Uint8Array | string | undefined;
}

/** A request that is HTTP, whatever is in it. */
export function ask({ apiKey }: Pick<Target, 'apiKey'>, asked: Asked): Promise<Reply> {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const { url, method = 'POST', headers = {}, body } = asked;
  const [, host, port, path] = /^http:\/\/([^/:]+):(\d+)(.*)$/s.exec(url)!;
  const own = { 'content-type': 'application/json', 'x-api-key': apiKey, ...headers };
  // The path goes out as it is: URL would put right what is wrong with it.
  const outgoing = request(
    { agent, host, port, path, method, headers: own, timeout: PATIENCE_MS },
    (reply) => {
      let text = '';
      reply.setEncoding('latin1');
      reply.on('data', (part: string) => {
        if (text.length < LONGEST_KEPT) text += part;
      });
      const { statusCode = 0 } = reply;
      const type = reply.headers['content-type'] ?? '';
      reply.once('end', () =>
        resolve({
          kind: 'http',
          status: statusCode,
          type,
          body: Buffer.from(text, 'latin1').toString('utf8'),
        }),
      );
      reply.once('error', () => resolve({ kind: 'ended' }));
    },
  );
  outgoing.on('error', () => resolve({ kind: 'ended' }));
  outgoing.once('timeout', () => {
    resolve({ kind: 'silent' });
    outgoing.destroy();
  });
  outgoing.end(body);
  return promise;
}
