import { parentPort, workerData } from 'node:worker_threads';
import { startBackend } from '../../backend/backend.ts';
import { refusalOf } from '../refusal.ts';
import { letGoOf, type ServingTensor } from '../tensor.ts';
import { isBeyondRepair } from './here.ts';
import { openSource } from './open-source.ts';
import type { FromEngine, ThreadData, ToEngine } from './protocol.ts';
import { bound, type Runner } from './runner.ts';
import { warmUp } from './warm-up.ts';

/** Runs models one call after another: doors stay awake while it computes. */
const models = new Map<number, Runner>();
let last = 0;
const { remembers } = workerData as ThreadData;

await startBackend();
parentPort!.on('message', (message: ToEngine) => void answer(message));
say({ kind: 'started' });

async function answer(message: ToEngine): Promise<void> {
  const { call } = message;
  try {
    switch (message.kind) {
      case 'load': {
        const runner = await openSource(message.source);
        models.set(++last, runner);
        const { signatures, sha256, bytes, bounds = new Map() } = runner;
        const loaded = { model: last, signatures: [...signatures], sha256, bytes, bounds };
        say({ kind: 'loaded', call, loaded });
        break;
      }
      case 'run': {
        const runner = models.get(message.model)!;
        const inputs = new Map(message.inputs);
        const found =
          remembers && runner.runRemembering
            ? runner.runRemembering(message.signature, inputs)
            : runner.run(message.signature, inputs);
        // A promise would cost a turn of the loop where there is nothing to wait for.
        const outputs = [...(found instanceof Promise ? await found : found)];
        const given = outputs.flatMap(transferable);
        say({ kind: 'answered', call, outputs }, given);
        letGoOf(inputs);
        break;
      }
      case 'warm': {
        const runner = models.get(message.model)!;
        say({ kind: 'warmed', call, batchMs: await warmUp(bound(runner), message.maxRows) });
        break;
      }
      case 'unload':
        await models.get(message.model)?.close();
        models.delete(message.model);
        say({ kind: 'unloaded', call });
    }
  } catch (error) {
    say({ kind: 'failed', call, refusal: refusalOf(error) });
    // Whoever waits for others of its models is told of the end too.
    if (isBeyondRepair(error)) process.exit(1);
  }
}

const transferable = ([, { data }]: readonly [string, ServingTensor]) =>
  Array.isArray(data) ? [] : [data.buffer as ArrayBuffer];

function say(message: FromEngine, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transfer);
}
