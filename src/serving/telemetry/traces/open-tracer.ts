import type { Config } from '../../../config/config.ts';
import type { Logger } from '../../../stages/context.ts';
import type { Tracer } from '../../span.ts';

type Asked = Pick<Config, 'traceEndpoint' | 'traceShare' | 'traceService'>;

/** Undefined where nobody takes traces: then their libraries are not even loaded. */
export async function openTracer(
  { traceEndpoint: endpoint, traceShare: share, traceService: service }: Asked,
  log: Pick<Logger, 'warn'>,
): Promise<Tracer | undefined> {
  if (endpoint === undefined) return undefined;
  const { otlpTracer } = await import('./otlp-tracer.ts');
  return otlpTracer({ endpoint, share, service, log });
}
