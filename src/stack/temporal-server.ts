import { setTimeout as sleep } from 'node:timers/promises';
import { inheritedEnvironment } from '../config/machine.ts';
import type { Home } from '../lake/home.ts';
import { runProgram } from './commands.ts';
import { isListening } from './ports.ts';
import type { ServiceSpec } from './service.ts';
import { SEARCH_ATTRIBUTE_FLAGS } from '../temporal/search-attributes.ts';

/** Closed workflows are kept so long; the server's own default is one day. */
const RETENTION = '720h';

/** The embedded server: one process with its UI and its database in the home. */
export function temporalServer(
  home: Home,
  { cli, port, uiPort, namespace }: { cli: string; port: number; uiPort: number; namespace: string },
): ServiceSpec {
  const address = `127.0.0.1:${port}`;
  return {
    name: 'temporal',
    path: cli,
    args: [
      ...['server', 'start-dev', '--db-filename', home.path('temporal.db'), '--ip', '127.0.0.1'],
      ...['--port', String(port), '--ui-port', String(uiPort), '--namespace', namespace],
      ...['--log-level', 'warn', '--log-format', 'json'],
      // Write-ahead logging with a sync at checkpoints: an activity costs a quarter of what it does by default.
      ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'],
      ...SEARCH_ATTRIBUTE_FLAGS.flatMap((flag) => ['--search-attribute', flag]),
    ],
    environment: inheritedEnvironment(),
    async untilReady(_lines, signal) {
      while (!(await isListening(port))) {
        signal.throwIfAborted();
        await sleep(100, undefined, { signal });
      }
      const update = ['operator', 'namespace', 'update', '--retention', RETENTION, '--namespace', namespace];
      for (;;) {
        const { code, stderr } = await runProgram(cli, [...update, '--address', address], {
          seconds: 15,
          signal,
        });
        if (code === 0) return;
        if (signal.aborted) throw new Error(`it does not answer: ${stderr.trim().split('\n')[0]}`);
        await sleep(200, undefined, { signal });
      }
    },
    isHealthy: () => isListening(port),
  };
}
