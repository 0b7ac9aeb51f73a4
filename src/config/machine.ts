import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project itself: sources, shipped data, its `.cache`. */
export const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Where this user keeps what may be fetched again; shared by all clones. XDG_CACHE_HOME, else ~/.cache. */
export function userCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'ringwatt');
}

/** The folders that commands are looked for in. */
export function commandFolders(environment: NodeJS.ProcessEnv = process.env): string[] {
  return (environment['PATH'] ?? '').split(':').filter(Boolean);
}

/** The environment of a child that is no part of Ringwatt, with some variables of its own. */
export function inheritedEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...extra };
}
