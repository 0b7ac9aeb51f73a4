// Reads the home for the page, beside the thread that answers predictions.
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../errors.ts';
import { Home } from '../../lake/home.ts';
import { qualityOf } from '../quality/quality-of.ts';
import { filesStateOf } from '../state/files-state.ts';
import type { Answered, Asked, Readings } from './protocol.ts';

const home = await Home.open((workerData as { root: string }).root);
const files = filesStateOf(home);
const readings: { [Kind in keyof Readings]: (model: string) => Promise<Readings[Kind]> } = {
  files,
  quality: (model) => qualityOf(home, model),
};

parentPort!.on('message', ({ id, kind, model }: Asked) => {
  void readings[kind](model)
    .then(
      (value): Answered => ({ id, value }),
      (error: unknown): Answered => ({ id, problem: messageOf(error) }),
    )
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin, a window has
    .then((answer) => parentPort!.postMessage(answer));
});
