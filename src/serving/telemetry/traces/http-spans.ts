import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Door } from '../../service.ts';
import type { Span, Stretch, TraceHeaders, Tracer } from '../../span.ts';

const spans = new WeakMap<object, Span>();

/** Of a request that is traced, by its raw message. */
export const spanOf = (request: IncomingMessage): Span | undefined => spans.get(request);

function traceHeadersOf({ traceparent, tracestate }: IncomingHttpHeaders): TraceHeaders {
  const one = (value: string | string[] | undefined) => (Array.isArray(value) ? undefined : value);
  return { traceparent: one(traceparent), tracestate: one(tracestate) };
}

/** Begins the span of a request, which ends by itself when its answer has left or its caller has gone. */
function traceRequest(
  tracer: Tracer,
  door: Door,
  route: string,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Span | undefined {
  const method = request.method ?? 'GET';
  const span = tracer.request(door, `${method} ${route}`, traceHeadersOf(request.headers));
  if (span === undefined) return undefined;
  span.set({ 'http.request.method': method, 'http.route': route });
  spans.set(request, span);
  response.once('close', () => {
    const { statusCode, writableFinished } = response;
    span.set({ 'http.response.status_code': statusCode });
    span.end(writableFinished && statusCode < 500 ? undefined : new Error('failed'));
  });
  return span;
}

/** Traces all routes of a Fastify door: the request, and in it reading its body and writing its answer. */
export function traceRoutes(app: FastifyInstance, door: Door, tracer: Tracer): void {
  const stretches = new WeakMap<IncomingMessage, Span>();
  const begin = (request: IncomingMessage, stretch: Stretch) => {
    const span = spanOf(request)?.child(stretch);
    if (span) stretches.set(request, span);
  };
  const end = (request: IncomingMessage) => {
    stretches.get(request)?.end();
    stretches.delete(request);
  };
  app.addHook('onRequest', async ({ raw, routeOptions }, reply) => {
    traceRequest(tracer, door, routeOptions.url ?? 'none', { request: raw, response: reply.raw });
    begin(raw, 'parse');
  });
  app.addHook('preHandler', async ({ raw }) => end(raw));
  app.addHook('onSend', async ({ raw }, reply) => {
    // A request that was refused on the way has not been read to its end.
    end(raw);
    begin(raw, 'write');
    if (stretches.has(raw)) reply.raw.prependOnceListener('close', () => end(raw));
  });
}
