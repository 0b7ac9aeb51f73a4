import { Home } from '../lake/home.ts';
import { reportError, type FromStageChild, type ToStageChild } from './child-protocol.ts';
import type { Logger, StageContext } from './context.ts';

/** The process that runs one stage. It lives no longer than its parent. */
const PROGRESS_INTERVAL_MS = 100;
const cancelled = new AbortController();

process.on('disconnect', () => process.exit(1));
// Ctrl-C reaches the whole group of a terminal; what is to stop, and when, the parent says.
process.on('SIGINT', () => {});
process.on('message', (message: ToStageChild) => {
  if (message.kind === 'cancel') cancelled.abort();
  else void run(message);
});

async function run(request: Extract<ToStageChild, { kind: 'run' }>): Promise<void> {
  try {
    const { STAGES } = (await import(request.table)) as {
      STAGES: Record<string, () => Promise<(context: StageContext, input: unknown) => Promise<unknown>>>;
    };
    const load = STAGES[request.stage];
    if (!load) throw new Error(`There is no stage ${request.stage}.`);
    const stage = await load();
    const context: StageContext = {
      home: await Home.open(request.config.home),
      config: request.config,
      signal: cancelled.signal,
      progress: throttled((progress) => send({ kind: 'progress', progress })),
      log: forwardingLogger(),
    };
    finish({ kind: 'done', result: await stage(context, request.input) });
  } catch (error) {
    finish({ kind: 'failed', error: reportError(error) });
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

/** The exit waits until the answer has left; threads of a library would otherwise keep the process. */
function finish(message: FromStageChild): void {
  process.send?.(message, undefined, undefined, () => process.exit(0));
}
