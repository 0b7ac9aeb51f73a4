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
