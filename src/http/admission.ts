import type { FastifyInstance, FastifyRequest } from 'fastify';
import { httpCredentials } from '../access/credentials.ts';
import type { Gate } from '../serving/gate.ts';
import { foreignRequest } from '../serving/problem.ts';
import type { Caller } from '../serving/service.ts';
import type { PathTable } from './path-table.ts';
import { HttpProblem } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
}

const LOCAL: Caller = { name: 'local', role: 'admin', identity: 'claimed' };
/** Of routes that admit anybody: nobody has looked who it is. */
const NOBODY: Caller = { name: 'nobody', role: 'viewer', identity: 'claimed' };

/** Where nobody is asked who they are: whoever can reach this machine's own address may do everything. */
export const LOCAL_GATE: Gate = {
  async admit({ foreign }) {
    if (foreign !== true) return LOCAL;
    throw foreignRequest();
  },
};

/** Lets requests in, before a byte of their body is read. */
export function admission(app: FastifyInstance, gate: Gate, paths: PathTable): void {
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    request.caller = NOBODY;
    if (request.is404) throw nothingThere(request, paths, (allowed) => reply.header('allow', allowed));
    const needed = request.routeOptions.config.admits ?? 'viewer';
    if (needed !== 'anybody') request.caller = await gate.admit(httpCredentials(request.raw), needed);
    requireJson(request);
  });
}

/** Whether a caller from the same address who brings nothing is turned away. */
export function asksWhoItIs(gate: Gate, { raw }: FastifyRequest): Promise<boolean> {
  return gate.admit({ address: raw.socket.remoteAddress ?? '' }, 'viewer').then(
    () => false,
    () => true,
  );
}

function nothingThere(
  { url, method }: FastifyRequest,
  paths: PathTable,
  allow: (methods: string) => void,
): HttpProblem {
  const allowed = paths.methodsOf(url.split('?', 1)[0]!);
  if (allowed.length === 0) {
    return new HttpProblem(404, 'no-route', 'There is nothing here.', 'GET / lists what there is.');
  }
  allow(allowed.join(', '));
  return new HttpProblem(405, 'no-method', `${method} is not answered here.`, `Use ${allowed.join(' or ')}.`);
}

/** No page of another site can announce JSON without asking first, and nobody answers that it may. */
function requireJson({ headers, method }: FastifyRequest): void {
  const reads = method === 'GET' || method === 'HEAD';
  if (!reads && !/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    throw new HttpProblem(
      415,
      'bad-media-type',
      'What is posted must be JSON, and say so.',
      'Send `content-type: application/json`, with a body such as {}.',
    );
  }
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new HttpProblem(
      415,
      'bad-encoding',
      'The body is packed.',
      'Send it as it is, without content-encoding.',
    );
  }
}
