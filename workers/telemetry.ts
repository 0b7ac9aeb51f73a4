import { DefaultLogger, Runtime, type LogLevel } from '@temporalio/worker';
import type { Config } from '../src/config/config.ts';
import type { Logger } from '../src/stages/context.ts';

const LEVELS: Record<LogLevel, keyof Logger> = {
  TRACE: 'debug',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** Sends what the SDK logs, in JavaScript and in its Rust core, the same way. Once a process, before any worker. */
export function installTelemetry(log: Logger, level: Config['logLevel']): void {
  Runtime.install({
    logger: new DefaultLogger(level === 'debug' ? 'DEBUG' : 'INFO', ({ level: sdkLevel, message, meta }) =>
      log[LEVELS[sdkLevel]](meta ?? {}, message),
    ),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
    // Workers drain in an order of our own.
    shutdownSignals: [],
  });
}
