import { SupervisorLink, tell } from '../src/serving/process/link.ts';
import type { ToServing } from '../src/serving/process/messages.ts';
import { refusalOf } from '../src/serving/refusal.ts';
import { startServingProcess, type ServingProcess } from '../src/serving/process/serving-process.ts';
import { processLogger } from './process-logger.ts';

/** The process that answers over the network. `serve` starts as many as it was asked for, and minds them. */
const link = new SupervisorLink();
let started: Promise<ServingProcess> | undefined;
let answers = false;

process.on('message', (message: ToServing) => {
  switch (message.kind) {
    case 'serve':
      started = serve(message);
      // Whoever waits for it hears of it; the supervisor has.
      started.catch(() => undefined);
      break;
    case 'reloaded':
      link.hear(message);
      break;
    case 'reload':
      void reload(message);
      break;
    case 'drain':
      void end();
  }
});
// The interrupt of a terminal reaches all of its processes: the supervisor says when to end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
// Without the supervisor nobody replaces, reloads or ends this process. Before Node's own, which would wait for reads.
process.prependListener('disconnect', () => {
  // A file system that hangs must not leave it behind.
  if (!answers) process.kill(process.pid, 'SIGKILL');
  link.lose();
  void end();
});

async function serve({ options }: Extract<ToServing, { kind: 'serve' }>): Promise<ServingProcess> {
  const log = processLogger(`serving-${process.pid}`, options.logLevel);
  try {
    const serving = await startServingProcess(
      options,
      log,
      (models) => link.reload(models),
      (model, version) => tell({ kind: 'loading', model, version }),
    );
    void serving.died.then((error) => {
      log.error({ error: error.message }, 'what computes has ended; this process ends too');
      process.exit(1);
    });
    answers = true;
    tell({ kind: 'ready', addresses: serving.addresses });
    return serving;
  } catch (error) {
    tell({ kind: 'failed', refusal: refusalOf(error) });
    log.error({ error: (error as Error).message }, 'does not start');
    setImmediate(() => process.exit(1));
    throw error;
  }
}

async function reload({ call, models }: Extract<ToServing, { kind: 'reload' }>): Promise<void> {
  try {
    await (await started)?.reload(models);
    tell({ kind: 'reloaded', call });
  } catch (error) {
    tell({ kind: 'reloaded', call, refusal: refusalOf(error) });
  }
}

let ending = false;

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  // What loads may take minutes, and nobody waits for its answers.
  if (answers) await started?.then((serving) => serving.close()).catch(() => undefined);
  process.exit(0);
}
