import { parentPort } from 'node:worker_threads';
import { reportError } from '../../stages/child-protocol.ts';
import { partNamed } from './parts.ts';
import type { FromFitThread, ToFitThread } from './thread-protocol.ts';

/** Fits one part after another; who gives them ends the thread to cancel one. */
const PROGRESS_INTERVAL_MS = 100;
const never = new AbortController().signal;

parentPort!.on('message', async ({ name, input }: ToFitThread) => {
  let last = 0;
  const progress = (done: number) => {
    if (Date.now() - last < PROGRESS_INTERVAL_MS) return;
    last = Date.now();
    say({ kind: 'progress', done });
  };
  try {
    say({ kind: 'done', output: await partNamed(name)(input, { signal: never, progress }) });
  } catch (error) {
    say({ kind: 'failed', error: reportError(error) });
  }
});

function say(message: FromFitThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin, a window has
  parentPort!.postMessage(message);
}
