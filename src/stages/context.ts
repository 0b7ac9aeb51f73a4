import type { Config } from '../config/config.ts';
import type { Home } from '../lake/home.ts';

/** Where a stage stands, as a person wants to hear it. `done` and `total` count `unit`s. */
export interface StageProgress {
  stage: string;
  done: number;
  total: number;
  unit: string;
  note?: string;
}

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What every stage is given besides its input; nothing else reaches it from outside. */
export interface StageContext {
  home: Home;
  config: Config;
  /** Aborts when the work is cancelled; a stage stops at the next safe point and leaves nothing half-written. */
  signal: AbortSignal;
  progress(update: StageProgress): void;
  log: Logger;
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
