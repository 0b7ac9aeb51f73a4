import { enableCompileCache } from 'node:module';
import { Home } from '../lake/home.ts';
import { reportError, type FromStageChild, type ToStageChild } from './child-protocol.ts';
import type { Logger, StageContext } from './context.ts';

/** A process that runs stages, one at a time. It lives no longer than its parent. */
const PROGRESS_INTERVAL_MS = 100;
const MIB = 2 ** 20;
let cancelled = new AbortController();

process.on('disconnect', () => process.exit(1));
// Ctrl-C reaches the whole group of a terminal; what is to stop, and when, the parent says.
process.on('SIGINT', () => {});
process.on('message', (message: ToStageChild) => {
  if (message.kind === 'cancel') cancelled.abort();
  // Threads of a library would otherwise keep the process.
  else if (message.kind === 'end') process.exit(0);
  else void run(message);
});

async function run(request: Extract<ToStageChild, { kind: 'run' }>): Promise<void> {
  cancelled = new AbortController();
  try {
    const home = await Home.open(request.config.home);
    // A short stage would spend most of its time on compiling what the one before it has compiled.
    enableCompileCache(home.path('cache/compiled'));
    const { STAGES } = (await import(request.table)) as {
      STAGES: Record<string, () => Promise<(context: StageContext, input: unknown) => Promise<unknown>>>;
    };
    const load = STAGES[request.stage];
    if (!load) throw new Error(`There is no stage ${request.stage}.`);
    const stage = await load();
    const context: StageContext = {
      home,
      config: request.config,
      signal: cancelled.signal,
      progress: throttled((progress) => send({ kind: 'progress', progress })),
      log: forwardingLogger(),
    };
    const result = await stage(context, request.input);
    send({ kind: 'done', result, memoryMb: process.memoryUsage.rss() / MIB });
  } catch (error) {
    send({ kind: 'failed', error: reportError(error), memoryMb: process.memoryUsage.rss() / MIB });
  }
}

function throttled<Update>(forward: (update: Update) => void): (update: Update) => void {
  let last = 0;
  return (update) => {
    if (Date.now() - last < PROGRESS_INTERVAL_MS) return;
    last = Date.now();
    forward(update);
  };
}

function forwardingLogger(): Logger {
  const at = (level: keyof Logger) => (fields: object, message: string) =>
    send({ kind: 'log', level, fields, message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function send(message: FromStageChild): void {
  process.send?.(message);
}
