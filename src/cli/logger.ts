import type { Logger } from '../stages/context.ts';
import type { ProgressDisplay } from './progress.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

/** JSON lines on stderr, as the services write them into their logs. */
export function stderrLogger(lowest: Level, display: ProgressDisplay): Logger {
  const at = (level: Level) => (fields: object, message: string) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(lowest)) return;
    display.line(JSON.stringify({ level, time: new Date().toISOString(), msg: message, ...fields }));
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
