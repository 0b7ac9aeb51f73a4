import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { InUseError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { storageFailure } from '../lake/storage-failure.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';

interface Holder extends ProcessIdentity {
  /** What it holds the home for: `up`, `restore` … */
  purpose: string;
}

export interface HomeLock {
  release(): void;
}

/**
 * Takes the home for one stack: two Temporal servers would open the same database and neither refuse. The lock
 * of a process that is gone, however it went, is taken over.
 */
export function lockHome(home: Home, purpose: string): HomeLock {
  const path = home.path('run', 'lock.json');
  const own: Holder = { ...ownIdentity(), purpose };
  const draft = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(draft, JSON.stringify(own), { mode: 0o600 });
    // Link rather than write: the lock appears whole or not at all, and only when there is none.
    while (!tryLink(draft, path)) {
      const holder = readHolder(path);
      if (holder && isAlive(holder)) {
        throw new InUseError(
          `The home ${home.root} is in use by \`${holder.purpose}\` (process ${holder.pid}).`,
          `Stop it with \`ringwatt down --home ${home.root}\`, or choose another --home.`,
        );
      }
      setAside(path);
    }
  } catch (error) {
    throw storageFailure(error, path) ?? error;
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    release() {
      if (readHolder(path)?.started === own.started) rmSync(path, { force: true });
    },
  };
}

/** Who holds the home now, if anybody alive does. */
export function holderOf(home: Home): Holder | undefined {
  const holder = readHolder(home.path('run', 'lock.json'));
  return holder && isAlive(holder) ? holder : undefined;
}

function tryLink(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Of two that find the same dead lock one wins the rename; the other finds it gone, which is as good. */
function setAside(path: string): void {
  const aside = `${path}.${process.pid}.dead`;
  try {
    renameSync(path, aside);
    const holder = readHolder(aside);
    if (holder && isAlive(holder)) linkSync(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    return typeof value.pid === 'number' && typeof value.started === 'string'
      ? { pid: value.pid, started: value.started, purpose: value.purpose ?? 'another process' }
      : undefined;
  } catch {
    return undefined;
  }
}
