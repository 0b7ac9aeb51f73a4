import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span as OtelSpan,
  type Tracer as OtelTracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { messageOf } from '../../../errors.ts';
import { jsonOf } from '../../../lake/text-file.ts';
import type { Logger } from '../../../stages/context.ts';
import { ServingProblem } from '../../problem.ts';
import type { Door } from '../../service.ts';
import type { Span, SpanAttributes, Stretch, Tracer } from '../../span.ts';
import { onceAMinute } from './once-a-minute.ts';
import { parentOf, traceparentOf } from './trace-parent.ts';

export interface TraceOptions {
  /** Of a collector that takes OTLP over HTTP; `/v1/traces` is added. */
  endpoint: string;
  /** Of requests that bring no decision of their own, from 0 to 1. */
  share: number;
  /** What the traces are of. */
  service: string;
  log: Pick<Logger, 'warn'>;
}

/** Spans that wait to be sent; more are dropped: a collector that is away costs a few MB and no request. */
const MOST_WAITING = 2048;
const SEND_EVERY_MS = 1000;
const SEND_MS = 5000;
/** A process that ends waits so long for its last spans to leave. */
const CLOSE_MS = 2000;

export function otlpTracer({ endpoint, share, service, log }: TraceOptions): Tracer {
  const warn = onceAMinute((said: string) => log.warn({ endpoint, message: briefly(said) }, 'traces'));
  diag.setLogger(
    { error: warn, warn, info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': service })),
    // Whether a request is traced is decided below, before anything is made of it.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({
          url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
          timeoutMillis: SEND_MS,
          concurrencyLimit: 2,
        }),
        maxQueueSize: MOST_WAITING,
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: SEND_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('ringwatt');
  return {
    request(door, name, headers) {
      const parent = parentOf(headers);
      if (parent ? parent.traceFlags === 0 : Math.random() >= share) return undefined;
      return requestSpan(
        tracer,
        door,
        name,
        parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
      );
    },
    async close() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_MS);
      });
      await Promise.race([provider.shutdown().catch((error: unknown) => warn(messageOf(error))), late]);
      clearTimeout(timer);
    },
  };
}

/** The library tells of an error as JSON, with its stack. */
function briefly(said: string): string {
  const { message } = (jsonOf(said) ?? {}) as { message?: string };
  return message ?? said;
}

function requestSpan(tracer: OtelTracer, door: Door, name: string, within: Context): Span {
  const attributes = { 'ringwatt.door': door };
  // One clock for a request and all within it: by the library's own, a span each, a part may end after the whole.
  const since = Date.now() - performance.now();
  const startTime = since + performance.now();
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes, startTime }, within);
  return new OtlpSpan(tracer, span, since);
}

class OtlpSpan implements Span {
  readonly #tracer: OtelTracer;
  readonly #span: OtelSpan;
  /** Milliseconds from 1970 to the beginning of `performance.now()`, as of the request. */
  readonly #since: number;

  constructor(tracer: OtelTracer, span: OtelSpan, since: number) {
    this.#tracer = tracer;
    this.#span = span;
    this.#since = since;
  }

  get traceparent(): string {
    return traceparentOf(this.#span.spanContext());
  }

  child(stretch: Stretch, attributes: SpanAttributes = {}): Span {
    const within = trace.setSpan(ROOT_CONTEXT, this.#span);
    const options = { attributes: attributes as Attributes, startTime: this.#now() };
    return new OtlpSpan(this.#tracer, this.#tracer.startSpan(stretch, options, within), this.#since);
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes as Attributes);
  }

  end(problem?: unknown): void {
    if (problem !== undefined) {
      const known = problem instanceof ServingProblem;
      this.#span.setAttribute('error.type', known ? problem.code : 'INTERNAL');
      // What nobody foresaw may hold anything, payloads too.
      this.#span.setStatus({ code: SpanStatusCode.ERROR, ...(known && { message: problem.message }) });
    }
    this.#span.end(this.#now());
  }

  #now(): number {
    return this.#since + performance.now();
  }
}
