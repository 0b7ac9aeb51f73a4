import { setImmediate } from 'node:timers/promises';

/** Lets messages in between two pieces of a long fit, so that cancelling it works, and stops where it was cancelled. */
export async function breathe(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
