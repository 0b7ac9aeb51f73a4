import { parentPort, workerData } from 'node:worker_threads';
import { computeWith } from '../../native/compiled.ts';
import { loadKernels } from '../../native/load.ts';
import { reportError } from '../../stages/child-protocol.ts';
import { fitPart } from './parts.ts';
import type { FitThreadData, FromFitThread, ToFitThread } from './thread-protocol.ts';

/** Fits one part after another; who gives them ends the thread to cancel one. */
const PROGRESS_INTERVAL_MS = 100;
const never = new AbortController().signal;

// They decide no bits of a fit, only its time: who lacks them goes on without. Each part has one thread.
const kernels = (workerData as FitThreadData).kernel === 'none' ? undefined : loadKernels();
if (kernels) computeWith({ kernels, threads: 1 });

parentPort!.on('message', async ({ name, input }: ToFitThread) => {
  let last = 0;
  const progress = (done: number) => {
    if (Date.now() - last < PROGRESS_INTERVAL_MS) return;
    last = Date.now();
    say({ kind: 'progress', done });
  };
  try {
    say({ kind: 'done', output: await fitPart(name, input, { signal: never, progress }) });
  } catch (error) {
    say({ kind: 'failed', error: reportError(error) });
  }
});

function say(message: FromFitThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin, a window has
  parentPort!.postMessage(message);
}
