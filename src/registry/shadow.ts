import { appendAudit } from '../audit/append.ts';
import { activeShadow, shadowRecord, type ShadowRecord, type ShadowRequest } from '../contracts/shadow.ts';
import { BadInputError, CorruptArtifactError } from '../errors.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { readDocument } from '../lake/text-file.ts';
import { noChampion, readChampion } from './champion.ts';
import { modelFolder } from './layout.ts';
import { withModelLock } from './lock.ts';
import { readVersion } from './versions.ts';

export const shadowUri = (name: string) => `${modelFolder(name)}/shadow.json`;

/** What was last written of a model's shadow; null when it never had one. */
export async function readShadow(home: Home, name: string): Promise<ShadowRecord | null> {
  const uri = shadowUri(name);
  return (await readDocument(home, uri, shadowRecord, (what) => damaged(uri, what))) ?? null;
}

/**
 * Lets a version shadow the champion, or with another share. The version is read, every file of it, before it gets a
 * request. The same again changes nothing, and tells the audit what a crash may have kept from it.
 */
export async function startShadow(
  home: Home,
  name: string,
  { version, share, by, reason }: ShadowRequest,
  at: string,
): Promise<ShadowRecord> {
  const record = await withModelLock(home, name, async () => {
    const champion = await readChampion({ home }, { name });
    if (!champion) throw await noChampion(home, name);
    if (champion.version === version) {
      throw new BadInputError(
        `Version ${version} of ${name} is its champion.`,
        'Name another version; `models` lists them.',
      );
    }
    const { sha256 } = await readVersion({ home }, { name, version });
    const stored = await readShadow(home, name);
    const stands = activeShadow(champion, stored);
    if (stored && stands?.version === version && stands.share === share) return stored;
    const generation = (stored?.generation ?? 0) + 1;
    const shadow = { version, sha256, share, championGeneration: champion.generation, generation };
    return write(home, { name, generation, at, by, reason, shadow });
  });
  await tellAudit(home, record);
  return record;
}

export async function endShadow(
  home: Home,
  name: string,
  { by, reason }: Pick<ShadowRequest, 'by' | 'reason'>,
  at: string,
): Promise<ShadowRecord> {
  const record = await withModelLock(home, name, async () => {
    const stored = await readShadow(home, name);
    if (!stored) {
      throw new BadInputError(`No version shadows ${name}.`, '`shadow start` lets one do so.');
    }
    if (stored.shadow === null) return stored;
    return write(home, { ...stored, generation: stored.generation + 1, at, by, reason, shadow: null });
  });
  await tellAudit(home, record);
  return record;
}

async function write(home: Home, record: ShadowRecord): Promise<ShadowRecord> {
  await writeFileAtomic(home.path(shadowUri(record.name)), `${canonicalJson(record)}\n`);
  return record;
}

/** The event is made of the record alone, so that telling it twice is one line. */
async function tellAudit(
  home: Home,
  { name, generation, at, by, reason, shadow }: ShadowRecord,
): Promise<void> {
  await appendAudit(home, {
    ...{ at, who: by, identity: 'claimed', why: reason, from: 'cli' },
    what: shadow ? 'shadow-started' : 'shadow-ended',
    subject: `model/${name}`,
    details: shadow ? { version: shadow.version, share: shadow.share } : {},
    id: `shadow/${name}/${generation}`,
  });
}

const damaged = (uri: string, what: string) =>
  new CorruptArtifactError(
    `${uri} is not a shadow's record: ${what}.`,
    'Restore it from a backup, or delete it: then nothing shadows.',
  );
