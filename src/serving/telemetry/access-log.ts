import type { Logger } from '../../stages/context.ts';
import type { ServingObserver } from '../observer.ts';

/**
 * One line a call: who asked for what, how it ended and how long it took. What was asked and answered is never in it,
 * and neither is a key: a caller goes by its name.
 */
export function accessLog(log: Pick<Logger, 'info'>): ServingObserver {
  return {
    callEnded({ requestId, door, caller, model, version, label, signature, code, seconds, rows, cached }) {
      const ms = Math.round(seconds * 1e5) / 100;
      log.info({ requestId, door, caller, model, version, label, signature, code, ms, rows, cached }, 'call');
    },
  };
}
