import type { Door } from './service.ts';

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** What a request's time goes into: its input read, waiting for a batch, the batch it is in, its answer written. */
export type Stretch = 'parse' | 'queue' | 'batch' | 'write';

/**
 * A stretch of time of a traced request. Requests that nobody traces have none, so that they pay nothing:
 * `const queued = context.span?.child('queue'); … queued?.end();`
 */
export interface Span {
  /** One within this one; begins now. */
  child(stretch: Stretch, attributes?: SpanAttributes): Span;
  set(attributes: SpanAttributes): void;
  /** Once; with the problem that it ended in, where it failed. */
  end(problem?: unknown): void;
  /** The W3C header for whoever is asked within it. */
  readonly traceparent: string;
}

/** What came with a request, from HTTP headers or gRPC metadata (w3.org/TR/trace-context). */
export interface TraceHeaders {
  traceparent?: string | undefined;
  tracestate?: string | undefined;
}

/** Begins the spans of requests. */
export interface Tracer {
  /** `name` is of the route or method, never a path as it came; undefined where this request is not sampled. */
  request(door: Door, name: string, headers: TraceHeaders): Span | undefined;
  /** Sends what waits to be sent, and gives up after a few seconds where nobody takes it. Never rejects. */
  close(): Promise<void>;
}
