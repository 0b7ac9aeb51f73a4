import { randomUUID } from 'node:crypto';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Home } from '../lake/home.ts';
import type { Logger } from '../stages/context.ts';
import type { LastingConnection } from '../temporal/lasting-connection.ts';
import { requireLocal } from './local-only.ts';
import { HttpProblem, problemOf } from './problem.ts';
import { alertRoutes } from './routes/alerts.ts';
import { healthRoutes } from './routes/health.ts';
import { jobRoutes } from './routes/jobs.ts';
import { modelRoutes } from './routes/models.ts';

export interface DoorParts {
  home: Home;
  temporal: LastingConnection;
  log: Logger;
}

const BODY_BYTES = 64 * 1024;
const REQUEST_MS = 15_000;
const HEADERS_MS = 10_000;
const LONGEST_NAME = 200;

/** The HTTP door. A group of routes is a file of `routes/`; what guards them all stands here. */
export function httpDoor(parts: DoorParts): FastifyInstance {
  const { log } = parts;
  const answerProblem = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const { status, ...problem } = problemOf(error);
    if (status >= 500) log.error({ requestId: request.id, error: String(error) }, 'failed');
    if (status === 503) reply.header('retry-after', '5');
    return reply.status(status).send({ error: { ...problem, requestId: request.id } });
  };
  const app = fastify({
    bodyLimit: BODY_BYTES,
    // Of receiving a request; an answer may take longer.
    requestTimeout: REQUEST_MS,
    http: { headersTimeout: HEADERS_MS },
    routerOptions: { maxParamLength: LONGEST_NAME },
    forceCloseConnections: 'idle',
    genReqId: () => randomUUID(),
    logger: false,
    // What is no URL gets no route and no hook.
    frameworkErrors: (error, request, reply) => {
      void answerProblem(error, request, reply.header('x-request-id', request.id));
    },
  });

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    requireLocal(request);
  });

  // The route, not the path: names and what people send stay out of the log.
  app.addHook('onResponse', async (request, reply) => {
    const { method, id, routeOptions } = request;
    const route = routeOptions.url ?? 'none';
    log.info(
      { requestId: id, method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'answered',
    );
  });

  app.setErrorHandler(answerProblem);

  app.setNotFoundHandler(() => {
    throw new HttpProblem(404, 'no-route', 'There is nothing here.', 'GET / lists what there is.');
  });

  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    // Fastify adds one of HEAD beside each of GET.
    for (const each of [method].flat()) if (each !== 'HEAD') routes.push(`${each} ${url}`);
  });
  app.get('/', () => ({ routes, documentation: 'docs/promotion.md#http' }));
  for (const add of [healthRoutes, modelRoutes, jobRoutes, alertRoutes]) add(app, parts);
  return app;
}
