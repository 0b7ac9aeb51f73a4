import { parentPort } from 'node:worker_threads';
import { loadKernels } from '../../src/native/load.ts';

/** A thread that says whether the kernels load in it, and what they do when it ends. */
const before = process.listenerCount('exit');
const version = loadKernels()?.version;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin, a window has
parentPort!.postMessage({ version, onExit: process.listenerCount('exit') - before });
