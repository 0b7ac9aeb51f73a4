import { open, readFile } from 'node:fs/promises';
import { lifecycleEvent, type LifecycleEvent } from '../contracts/lifecycle.ts';
import { CorruptArtifactError } from '../errors.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { storageFailure } from '../lake/storage-failure.ts';
import { historyUri } from './layout.ts';
import { withModelLock } from './lock.ts';

/**
 * Adds an event to `models/<name>/history.jsonl`: who, when, why, and whether the identity is more than a claim. An
 * event that is already the last one is not written twice, so that a retried activity leaves one line.
 */
export async function appendHistory(
  { home }: { home: Home },
  { name, event }: { name: string; event: LifecycleEvent },
): Promise<void> {
  const path = home.path(historyUri(name));
  const line = `${canonicalJson(lifecycleEvent.parse(event))}\n`;
  await withModelLock(home, name, async () => {
    const text = await textOf(path);
    if (text.endsWith(line)) return;
    try {
      const handle = await open(path, 'a', 0o600);
      try {
        // A crash can leave the last line without its end; the next event must not be glued to it.
        await handle.appendFile(text === '' || text.endsWith('\n') ? line : `\n${line}`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw storageFailure(error, path) ?? error;
    }
  });
}

/** All events, oldest first. A last line cut off by a crash is left out; any other damage is an error. */
export async function readHistory(
  { home }: { home: Home },
  { name }: { name: string },
): Promise<LifecycleEvent[]> {
  const uri = historyUri(name);
  const lines = (await textOf(home.path(uri))).split('\n').filter((line) => line !== '');
  return lines.flatMap((line, i) => {
    const parsed = lifecycleEvent.safeParse(jsonOf(line));
    if (parsed.success) return [parsed.data];
    if (jsonOf(line) === undefined) return [];
    throw new CorruptArtifactError(
      `Line ${i + 1} of ${uri} is not an event.`,
      'Restore the file from a backup, or remove the line.',
    );
  });
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
}
