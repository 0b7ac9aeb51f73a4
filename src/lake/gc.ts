import { readFile, rm } from 'node:fs/promises';
import { CorruptArtifactError } from '../errors.ts';
import type { Home } from './home.ts';
import { filesUnder, isTemporary, type StoredFile } from './walk.ts';

/** Folders whose files mean nothing unless something refers to them. Everything else is left alone. */
const COLLECTED = [
  'grid',
  'validated',
  'features',
  'sequences',
  'checkpoints',
  'training',
  'backtest',
  'forecast',
];

/** Folders whose JSON refers to files: manifests of all kinds, and the registry with its champions. */
const REFERRING = ['manifests', 'models'];

/**
 * Marks the raw replies of a window that was not yet settled, in the folder's name before the day they were fetched.
 * The next day fetches the window again; these are then only of use to someone who doubts a revision.
 */
export const AS_OF = '_as_of_';

const HOUR_MS = 3600_000;
/** A stage writes its files before the manifest that refers to them: what is this young may be wanted soon. */
const STAGE_MS = 24 * HOUR_MS;
/** The longest a window waits for its budget, several times over. */
const SUPERSEDED_REPLIES_MS = 30 * 24 * HOUR_MS;

export interface GarbagePlan {
  remove: StoredFile[];
  bytes: number;
  /** Files in the same folders that stay. */
  kept: number;
}

export interface GarbageOptions {
  /** What running workflows refer to: lake paths of files, or of folders such as `checkpoints/<run>`. */
  running: readonly string[];
  /** Default: the time of day, in ms since 1970. */
  now?: number;
}

/**
 * What `collectGarbage` would remove: files that no manifest, no model and no running workflow refers to and that no
 * stage can still be about to name. Removes nothing.
 */
export async function planGarbage(
  home: Home,
  { running, now = Date.now() }: GarbageOptions,
): Promise<GarbagePlan> {
  const referred = new Set(running);
  for (const folder of REFERRING) await collectReferences(home, folder, referred);
  const files = (await Promise.all(COLLECTED.map((folder) => filesUnder(home, folder)))).flat();
  const replies = (await filesUnder(home, 'raw')).filter(({ uri }) => uri.includes(AS_OF));
  const candidates = [...files, ...replies];
  const remove = candidates.filter(({ uri, writtenAt }) => {
    const youngest = uri.startsWith('raw/') ? SUPERSEDED_REPLIES_MS : STAGE_MS;
    return now - writtenAt > (isTemporary(uri) ? HOUR_MS : youngest) && !isReferredTo(uri, referred);
  });
  return {
    remove,
    bytes: remove.reduce((sum, { bytes }) => sum + bytes, 0),
    kept: candidates.length - remove.length,
  };
}

/** Removes what a plan names. A file that something has come to refer to since then stays. */
export async function collectGarbage(
  home: Home,
  plan: GarbagePlan,
  options: GarbageOptions,
): Promise<GarbagePlan> {
  const still = new Set((await planGarbage(home, options)).remove.map(({ uri }) => uri));
  const remove = plan.remove.filter(({ uri }) => still.has(uri));
  for (const { uri } of remove) await rm(home.path(uri), { force: true });
  return {
    remove,
    bytes: remove.reduce((sum, { bytes }) => sum + bytes, 0),
    kept: plan.kept + plan.remove.length - remove.length,
  };
}

/** Every text in the JSON of a folder: a path among them is a reference, whatever its field is called. */
async function collectReferences(home: Home, folder: string, into: Set<string>): Promise<void> {
  for (const { uri } of await filesUnder(home, folder)) {
    if (!uri.endsWith('.json')) continue;
    const text = await readFile(home.path(uri), 'utf8');
    try {
      collectTexts(JSON.parse(text), into);
    } catch (error) {
      throw new CorruptArtifactError(
        `${uri} is not JSON, so nobody can say what it refers to; nothing was removed.`,
        'Delete it if it is not needed, or restore it from a backup, then run gc again.',
        { cause: error },
      );
    }
  }
}

function collectTexts(value: unknown, into: Set<string>): void {
  if (typeof value === 'string') into.add(value);
  else if (value !== null && typeof value === 'object') {
    for (const inner of Object.values(value)) collectTexts(inner, into);
  }
}

/** By its own path or that of a folder it lies in. */
function isReferredTo(uri: string, referred: ReadonlySet<string>): boolean {
  for (let end = uri.length; end > 0; end = uri.lastIndexOf('/', end - 1)) {
    if (referred.has(uri.slice(0, end))) return true;
  }
  return false;
}
