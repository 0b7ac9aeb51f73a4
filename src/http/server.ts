import { randomUUID } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Home } from '../lake/home.ts';
import type { Forecasts } from '../serving/forecasts/forecasts.ts';
import { DEFAULT_LIMITS, type Gate, type Limits } from '../serving/gate.ts';
import { answerClientError } from '../serving/doors/client-error.ts';
import { boundPipelined } from '../serving/doors/pipelined.ts';
import { boundReceived } from '../serving/doors/receiving.ts';
import type { ServingObserver } from '../serving/observer.ts';
import type { PredictionService } from '../serving/service.ts';
import type { Outcomes } from '../serving/traffic/outcomes.ts';
import type { Logger } from '../stages/context.ts';
import type { LastingConnection } from '../temporal/lasting-connection.ts';
import { admission, LOCAL_GATE } from './admission.ts';
import { documentation } from './openapi/serve.ts';
import { PathTable } from './path-table.ts';
import { logFailure, problemOf } from './problem.ts';
import { addRoute } from './route.ts';
import { alertRoutes } from './routes/alerts.ts';
import { forecastRoutes } from './routes/forecasts.ts';
import { healthRoutes } from './routes/health.ts';
import { jobRoutes } from './routes/jobs.ts';
import { metricsRoute } from './routes/metrics.ts';
import { modelInfoRoute } from './routes/model-info.ts';
import { modelRoutes } from './routes/models.ts';
import { predictRoutes } from './routes/predict.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { index } from './contracts/service.ts';

export interface DoorParts {
  home: Home;
  temporal: LastingConnection;
  log: Logger;
  /** What predictions and /model/info are asked of; absent: this process serves no model. */
  service?: PredictionService | undefined;
  /** What GET /forecast is asked of; absent: this process forecasts nothing. */
  forecasts?: Forecasts | undefined;
  /** Told of forecasts that were answered; predictions tell of themselves. */
  observer?: ServingObserver | undefined;
  /** What takes ratings; absent: this process answers for no A/B test but in forecasts. */
  outcomes?: Outcomes | undefined;
  /** Absent: nobody is asked who they are, and only programs of this machine are answered. */
  gate?: Gate | undefined;
  limits?: Limits | undefined;
  /** Requests of one /predict/batch. */
  maxBatchSize?: number | undefined;
  /** In Prometheus' text format; absent: `enable_metrics` is off. */
  metricsText?: (() => Promise<string>) | undefined;
  tls?: TlsOptions | undefined;
  /** Pages and routes of others, under the same admission. */
  more?: ((app: FastifyInstance) => void) | undefined;
}

/** What asks for work says little. */
const BODY_BYTES = 64 * 1024;
/** Whoever takes longer to send headers, or a whole request, is cut off within a second. */
const TIMING = { headersTimeout: 10_000, connectionsCheckingInterval: 1000 };
/** An A/B test's name and the request that it dealt, each letter escaped. */
const LONGEST_NAME = 1000;

/** The HTTP door. A group of routes is a file of `routes/`; what guards them all stands here. */
export function httpDoor(parts: DoorParts): FastifyInstance {
  const { log, gate = LOCAL_GATE, limits = DEFAULT_LIMITS } = parts;
  const answerProblem = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const { status, retryAfter, ...problem } = problemOf(error);
    logFailure(log, status, request.id, error);
    if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    return reply
      .status(status)
      .type('application/json; charset=utf-8')
      .send({ error: { ...problem, requestId: request.id } });
  };
  const app = fastify({
    bodyLimit: BODY_BYTES,
    // Of receiving a request; an answer may take longer.
    requestTimeout: limits.requestMs,
    http: TIMING,
    ...(parts.tls && { https: { ...parts.tls, ...TIMING } }),
    routerOptions: { maxParamLength: LONGEST_NAME },
    forceCloseConnections: 'idle',
    genReqId: () => randomUUID(),
    logger: false,
    // What is no URL gets no route and no hook.
    frameworkErrors: (error, request, reply) => {
      void answerProblem(error, request, reply.header('x-request-id', request.id));
    },
    clientErrorHandler: answerClientError((message) => ({
      error: { kind: 'bad-request', message, cure: 'Send HTTP/1.1.', requestId: randomUUID() },
    })),
  }) as unknown as FastifyInstance;

  const paths = new PathTable();
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) paths.add(each, url);
  });
  admission(app, gate, paths);
  boundPipelined(app);
  boundReceived(app);

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
  // What is nowhere is refused at admission.
  app.setNotFoundHandler(() => undefined);

  documentation(app, gate, BODY_BYTES);
  addRoute(
    app,
    {
      ...{ method: 'GET', url: '/', role: 'anybody', tag: 'service', summary: 'What there is' },
      answer: { says: 'All routes', schema: index },
    },
    () => ({ routes: paths.list(), documentation: '/docs' }),
  );
  for (const add of [healthRoutes, modelRoutes, jobRoutes, scheduleRoutes, alertRoutes, metricsRoute])
    add(app, parts);
  if (parts.service) for (const add of [predictRoutes, modelInfoRoute]) add(app, parts, parts.service);
  if (parts.forecasts) forecastRoutes(app, parts, parts.forecasts);
  parts.more?.(app);
  return app;
}
