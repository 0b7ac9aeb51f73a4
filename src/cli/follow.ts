import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from './session.ts';

const LOOK_EVERY_MS = 700;

/**
 * Waits for a workflow's result and shows meanwhile where it stands. Ctrl-C ends the waiting, not the workflow: it goes
 * on where its services run, or when they are started again.
 */
export async function follow<Result>(
  session: Session,
  result: Promise<Result>,
  look: () => Promise<void>,
): Promise<Result> {
  const over = new AbortController();
  const settled = result.finally(() => over.abort());
  settled.catch(() => {});
  const stopped = new Promise<never>((_, reject) => {
    session.signal.addEventListener('abort', () => reject(session.signal.reason as Error), { once: true });
  });
  stopped.catch(() => {});
  const watching = watch(AbortSignal.any([over.signal, session.signal]), look);
  try {
    session.signal.throwIfAborted();
    return await Promise.race([settled, stopped]);
  } finally {
    over.abort();
    await watching;
  }
}

/** A look that fails says nothing about the workflow: its worker may just be starting. */
async function watch(signal: AbortSignal, look: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await look().catch(() => {});
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}
