import type { ServingObserver } from '../observer.ts';

/** Tells all of them. An observer that breaks is told of once and hurts no call. */
export function allObservers(
  observers: readonly ServingObserver[],
  broken: (error: unknown) => void,
): Required<ServingObserver> {
  let told = false;
  const tell =
    <Event>(call: (observer: ServingObserver, event: Event) => void) =>
    (event: Event) => {
      for (const observer of observers) {
        try {
          call(observer, event);
        } catch (error) {
          if (!told) broken(error);
          told = true;
        }
      }
    };
  return {
    callEnded: tell((observer, call) => observer.callEnded?.(call)),
    batchEnded: tell((observer, batch) => observer.batchEnded?.(batch)),
    queueChanged: tell((observer, queue) => observer.queueChanged?.(queue)),
    versionChanged: tell((observer, change) => observer.versionChanged?.(change)),
  };
}
