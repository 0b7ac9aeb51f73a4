import type { Config } from '../../config/config.ts';

export interface Finding {
  what: string;
  verdict: 'ok' | 'warn' | 'fail';
  /** What was found. */
  detail: string;
  /** What to do; absent when all is well. */
  cure?: string;
}

/** Looks at one thing and changes nothing. */
export type Check = (config: Config) => Promise<Finding | Finding[]>;
