import { identify } from '../stack/process-identity.ts';
import type { HomeFile } from './files.ts';

const HOUR_MS = 3_600_000;

/** A file that a writer fills before it moves it to its place. */
export const isDraft = (uri: string) => uri.endsWith('.tmp');

/**
 * Whether nobody can be writing a draft any more: the process in its name is gone, or no process is in its name and
 * it has lain still for an hour.
 */
export function isAbandoned({ uri, modifiedMs }: HomeFile, now: number): boolean {
  const pid = /\.(\d+)(?:\.[0-9a-f]{8})?\.tmp$/.exec(uri)?.[1];
  return pid === undefined ? now - modifiedMs >= HOUR_MS : identify(Number(pid)) === undefined;
}
