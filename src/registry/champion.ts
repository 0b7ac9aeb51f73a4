import { championRecord, type ChampionRecord } from '../contracts/lifecycle.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../errors.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { readDocument } from '../lake/text-file.ts';
import { championUri, modelNames, noSuchModel } from './layout.ts';
import { withModelLock } from './lock.ts';
import { readVersion } from './versions.ts';

/** Who is champion; null when nobody ever was. */
export async function readChampion(
  { home }: { home: Home },
  { name }: { name: string },
): Promise<ChampionRecord | null> {
  const uri = championUri(name);
  return (await readDocument(home, uri, championRecord, (what) => damaged(uri, what))) ?? null;
}

/** Why a model that nobody is champion of cannot answer: it is not there, or nothing of it was promoted. */
export async function noChampion(
  home: Home,
  name: string,
  Kind: typeof MissingDataError = MissingDataError,
): Promise<MissingDataError> {
  const names = await modelNames(home);
  if (!names.includes(name)) return noSuchModel(name, names, Kind);
  return new Kind(
    `The model ${name} has no champion.`,
    'Promote a version, or name one with --model-version; `models` lists them.',
  );
}

/**
 * Makes a version champion. Only a record of a higher generation than the stored one is taken, so that a writer who
 * slept through a promotion overwrites nothing; the very same record again changes nothing, so that a retried
 * activity succeeds. The version is read, every file of it, before it is put in charge.
 */
export async function writeChampion(
  { home }: { home: Home },
  record: ChampionRecord,
): Promise<ChampionRecord> {
  return withModelLock(home, record.name, async () => {
    const stored = await readChampion({ home }, record);
    if (stored && canonicalJson(stored) === canonicalJson(record)) return stored;
    if (stored && stored.generation >= record.generation) {
      throw new BadInputError(
        `The champion of ${record.name} is of generation ${stored.generation} (version ${stored.version}); generation ${record.generation} is older.`,
        'Read the champion again and decide anew.',
      );
    }
    const { name, version: number } = record;
    const version = await readVersion({ home }, { name, version: number });
    if (version.sha256 !== record.sha256) {
      throw new CorruptArtifactError(
        `Version ${record.version} of ${record.name} is not the one the promotion names: its record's SHA-256 differs.`,
        'Look at `models`, then promote again.',
      );
    }
    await writeFileAtomic(home.path(championUri(record.name)), `${canonicalJson(record)}\n`);
    return record;
  });
}

const damaged = (uri: string, what: string) =>
  new CorruptArtifactError(
    `${uri} is not a champion's record: ${what}.`,
    'Restore it from a backup, or delete it and `promote` again.',
  );
