import { createTraceState, type SpanContext } from '@opentelemetry/api';
import type { TraceHeaders } from '../../span.ts';

/** version "-" trace-id "-" parent-id "-" flags; a later version may add more after that. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const LONGEST_STATE = 512;

/** Who asks and within which trace, by W3C Trace Context; undefined where the header is absent or breaks its rules. */
export function parentOf({ traceparent, tracestate }: TraceHeaders): SpanContext | undefined {
  const parts = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (parts === null) return undefined;
  const [, version, traceId, spanId, flags, more] = parts as unknown as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(tracestate !== undefined &&
      tracestate.length <= LONGEST_STATE && { traceState: createTraceState(tracestate) }),
  };
}

export const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
