import { DefaultLogger, Runtime, type LogLevel } from '@temporalio/worker';
import { destination, pino, stdSerializers } from 'pino';
import type { Config } from '../src/config/config.ts';
import type { Logger } from '../src/stages/context.ts';

/** JSON lines on stderr; stdout is for the line that says that the process is ready. */
export function processLogger(name: string, level: Config['logLevel']): Logger {
  return pino(
    {
      name,
      level,
      redact: ['apiKey', 'eiaApiKey', 'token'],
      // The SDK hands its errors over as `error`, and an Error has no enumerable fields: unaided it prints as {}.
      serializers: { error: stdSerializers.errWithCause },
    },
    destination({ fd: 2, sync: true }),
  );
}

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
