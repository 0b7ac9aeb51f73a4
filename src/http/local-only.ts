import type { FastifyRequest } from 'fastify';
import { HttpProblem } from './problem.ts';

/** Names of this machine that only its own processes can reach it by. */
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Any page that a browser on this machine shows can send requests here, and a name of its own may be made to lead here.
 * So the host must be one of this machine's own names, a request that a browser sends for another site is refused, and
 * what changes anything must announce JSON, which no page of another site can do without asking first.
 */
export function requireLocal({ headers, method }: FastifyRequest): void {
  const host = (headers.host ?? '').toLowerCase();
  if (!LOOPBACK.has(host.replace(/:\d+$/, ''))) {
    throw refused(
      'host',
      'The Host of the request is not this machine.',
      'Use http://127.0.0.1 with the port.',
    );
  }
  const { origin, 'sec-fetch-site': site } = headers;
  const isForeign = origin !== undefined && origin.toLowerCase() !== `http://${host}`;
  if (isForeign || site === 'cross-site' || site === 'same-site') {
    throw refused(
      'origin',
      'The request comes from a page of another site.',
      'Send it from a program, such as curl.',
    );
  }
  const reads = method === 'GET' || method === 'HEAD';
  if (!reads && !/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    throw new HttpProblem(
      415,
      'bad-media-type',
      'What changes anything must be JSON, and say so.',
      'Send `content-type: application/json`, with a body such as {}.',
    );
  }
}

const refused = (what: string, message: string, cure: string) =>
  new HttpProblem(403, `foreign-${what}`, message, cure);
