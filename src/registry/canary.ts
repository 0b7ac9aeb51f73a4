import { canaryRecord, type Canary, type CanaryRecord } from '../contracts/lifecycle.ts';
import { BadInputError, CorruptArtifactError } from '../errors.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { readDocument } from '../lake/text-file.ts';
import { readChampion } from './champion.ts';
import { canaryUri } from './layout.ts';
import { withModelLock } from './lock.ts';
import { readVersion } from './versions.ts';

/** What was last written of a model's canary; null when it never had one. */
export async function readCanary(
  { home }: { home: Home },
  { name }: { name: string },
): Promise<CanaryRecord | null> {
  const uri = canaryUri(name);
  return (await readDocument(home, uri, canaryRecord, (what) => damaged(uri, what))) ?? null;
}

/**
 * Starts, changes or ends a model's canary. As with a champion, only a record of a higher generation is taken, and the
 * same one again changes nothing. The version is read, every file of it, before it answers anything.
 */
export async function writeCanary({ home }: { home: Home }, record: CanaryRecord): Promise<CanaryRecord> {
  const { name, canary } = record;
  return withModelLock(home, name, async () => {
    const stored = await readCanary({ home }, record);
    if (stored && canonicalJson(stored) === canonicalJson(record)) return stored;
    if (stored && stored.generation >= record.generation) {
      throw new BadInputError(
        `The canary of ${name} is of generation ${stored.generation}; generation ${record.generation} is older.`,
        'Look at `models`, and decide anew.',
      );
    }
    if (canary) await requireBeside(home, name, canary);
    await writeFileAtomic(home.path(canaryUri(name)), `${canonicalJson(record)}\n`);
    return record;
  });
}

async function requireBeside(home: Home, name: string, canary: Canary): Promise<void> {
  const champion = await readChampion({ home }, { name });
  if (champion?.generation !== canary.championGeneration) {
    throw new BadInputError(
      `The champion of ${name} is no longer the one that the canary was to stand beside.`,
      'Look at `models`, and decide anew.',
    );
  }
  await readVersion({ home }, { name, version: canary.version, sha256: canary.sha256 });
}

const damaged = (uri: string, what: string) =>
  new CorruptArtifactError(
    `${uri} is not a canary's record: ${what}.`,
    'Restore it from a backup, or delete it: then no canary runs.',
  );
