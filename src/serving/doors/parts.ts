import type { Logger } from '../../stages/context.ts';
import type { Gate, Limits } from '../gate.ts';
import type { ServingObserver } from '../observer.ts';
import type { PredictionService } from '../service.ts';
import type { Tracer } from '../span.ts';

/** What a door of TensorFlow Serving's wire stands before. */
export interface WireDoorParts {
  service: PredictionService;
  gate: Gate;
  limits: Limits;
  log: Pick<Logger, 'error'>;
  /** Absent: nothing is traced. */
  tracer?: Tracer | undefined;
  /** Told of calls that the door refuses by itself; absent: nobody counts them. */
  observer?: ServingObserver | undefined;
}

/** Header and gRPC metadata that say whom an A/B test deals to; absent: each request is its own. */
export const USER_HEADER = 'x-user-id';
const LONGEST_USER = 200;

export function userOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_USER ? value : undefined;
}
