import { randomUUID } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { httpCredentials } from '../../access/credentials.ts';
import { answerClientError } from '../doors/client-error.ts';
import { classify, regress } from '../doors/inference.ts';
import { USER_HEADER, userOf, type WireDoorParts } from '../doors/parts.ts';
import { boundPipelined } from '../doors/pipelined.ts';
import { boundReceived, OF_ALL_DOORS, type Receiving } from '../doors/receiving.ts';
import { checkRows } from '../doors/row-limit.ts';
import { invalidArgument, ServingProblem } from '../problem.ts';
import type { CallContext, Caller } from '../service.ts';
import { DEFAULT_SIGNATURE } from '../signature.ts';
import { spanOf, traceRoutes } from '../telemetry/traces/http-spans.ts';
import { markModel } from '../told-errors.ts';
import { answerProblem } from './answer-problem.ts';
import { isPlain, unpackedBody } from './body.ts';
import { metadataAnswer, modelsAnswer, statusAnswer } from './descriptions.ts';
import { readExamples } from './json-examples.ts';
import { readPredict } from './json-tensors.ts';
import { type RestTarget, restTarget } from './target.ts';
import { writeClassifications, writeRegressions } from './write-results.ts';
import { writePrediction } from './write-tensors.ts';

export interface RestDoorParts extends WireDoorParts {
  /** Absent: plain HTTP. */
  tls?: TlsOptions | undefined;
  /** Absent: shared by all doors of this process. */
  receiving?: Receiving | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    admitted: Caller;
  }
}

/** Everything that TensorFlow Serving answers over HTTP lies here; its paths are no routes, for a name ends at a colon. */
const PATHS = '/v1/*';
const HEADERS_MS = 10_000;
/** How soon a request is dropped that takes longer than it may to arrive. */
const CHECK_MS = 1000;

/** TensorFlow Serving's RESTful API (its `api_rest.md`), to the letter of its errors but for what callers sent. */
export function restDoor(parts: RestDoorParts): FastifyInstance {
  const { gate, limits, tracer, tls } = parts;
  const timing = {
    headersTimeout: Math.min(HEADERS_MS, limits.requestMs),
    connectionsCheckingInterval: CHECK_MS,
  };
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    http: timing,
    ...(tls && { https: { ...tls, ...timing } }),
    routerOptions: { caseSensitive: false },
    forceCloseConnections: 'idle',
    genReqId: () => randomUUID(),
    logger: false,
    // What is no URL gets no route and no hook.
    frameworkErrors: (error, _request, reply) => void answerProblem(error, reply, parts),
    clientErrorHandler: answerClientError((error) => ({ error })),
  }) as unknown as FastifyInstance;

  app.decorateRequest('admitted');
  if (tracer) traceRoutes(app, 'rest', tracer);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    // Before a byte of the body is read.
    request.admitted = await gate.admit(httpCredentials(request.raw), 'viewer');
  });
  boundPipelined(app);
  boundReceived(app, parts.receiving);
  app.setErrorHandler((error, request, reply) => {
    // Also of what was refused before it was read.
    markModel(error, modelIn(request), parts.service);
    return answerProblem(error, reply, parts);
  });
  app.setNotFoundHandler(() => {
    throw new ServingProblem('NOT_FOUND', 'There is nothing here: what is served lies at /v1/models.');
  });

  // What a body is called does not matter: it is JSON.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.all(PATHS, async (request, reply) => {
    const target = restTarget(request.method, request.url.split('?', 1)[0]!);
    const answer = await answerTo(parts, target, request, reply);
    return reply.type('application/json').send(answer);
  });
  return app;
}

function modelIn({ method, url }: FastifyRequest): string | undefined {
  try {
    const target = restTarget(method, url.split('?', 1)[0]!);
    return 'spec' in target ? target.spec.name : undefined;
  } catch {
    return undefined;
  }
}

async function answerTo(
  parts: RestDoorParts,
  target: RestTarget,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Buffer | string> {
  const { service, limits } = parts;
  if (target.kind === 'models') return pretty(modelsAnswer(service.models()));
  const { kind, spec } = target;
  if (kind === 'status') return pretty(statusAnswer(service.status(spec)));
  if (kind === 'metadata') {
    const { version, signatures } = service.signatures(spec);
    return pretty(metadataAnswer(spec.name, version, signatures));
  }
  const { 'content-encoding': encoding } = request.headers;
  const { receiving = OF_ALL_DOORS } = parts;
  const body = isPlain(encoding)
    ? bodyOf(request)
    : await unpackedBody(bodyOf(request), encoding, { limits, receiving, raw: reply.raw });
  const context = contextOf(request, reply);
  if (kind === 'predict') {
    const { signatures } = service.signatures(spec);
    const portsOf = (name: string | undefined) => {
      const signature = signatures.get(name || DEFAULT_SIGNATURE);
      if (signature) return signature.inputs;
      throw invalidArgument(
        `Serving signature name: "${(name || DEFAULT_SIGNATURE).slice(0, 60)}" not found in signature def`,
      );
    };
    const { signature, inputs, format } = readPredict(body, portsOf, limits);
    checkRows(inputs, portsOf(signature), limits);
    const asked = { spec, signature: signature || DEFAULT_SIGNATURE, inputs };
    return writePrediction((await service.predict(asked, context)).outputs, format);
  }
  const asked = { spec, ...readExamples(body, limits) };
  return kind === 'classify'
    ? writeClassifications((await classify(parts, asked, context)).results)
    : writeRegressions((await regress(parts, asked, context)).results);
}

const bodyOf = ({ body }: FastifyRequest): Buffer => (body as Buffer | undefined) ?? Buffer.alloc(0);

function contextOf(request: FastifyRequest, reply: FastifyReply): CallContext {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return {
    requestId: request.id,
    door: 'rest',
    caller: request.admitted,
    user: userOf(request.headers[USER_HEADER]),
    signal: gone.signal,
    span: spanOf(request.raw),
  };
}

/** Indented as the JSON of Protocol Buffers is. */
const pretty = (answer: object): string => `${JSON.stringify(answer, null, 1)}\n`;
