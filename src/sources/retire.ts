import { readdir, rm, stat } from 'node:fs/promises';
import type { Home } from '../lake/home.ts';
import { unlessGone } from '../lake/storage-failure.ts';
import { jsonOf, textIfThere } from '../lake/text-file.ts';
import { urisIn } from '../upkeep/references.ts';

const FOLDER = 'manifests/grid';
/** Longer than any run that may have taken one for its record and written nothing of it yet. */
const KEPT_DAYS = 7;
const DAY_MS = 86_400_000;
/** These name files of their own, never a dataset; an hourly ingestion leaves thousands of them. */
const NAMES_NO_DATASET = ['window', 'history'];

/**
 * Takes away the datasets that ingestions of the newest hours left more than a week ago and that nothing was made of:
 * every one since holds all that they did, and whoever looks for the newest record reads them all. Their files wait for
 * `gc`. Answers how many went.
 */
export async function retireOlder(home: Home, now = Date.now()): Promise<number> {
  const old: string[] = [];
  for (const uri of await jsonUnder(home, FOLDER)) {
    const { mtimeMs } = await stat(home.path(uri));
    if (now - mtimeMs > KEPT_DAYS * DAY_MS && isOfNewestHours(await textOf(home, uri))) old.push(uri);
  }
  if (old.length === 0) return 0;
  const needed = await referredTo(home, new Set(old));
  const retired = old.filter((uri) => !needed.has(uri));
  for (const uri of retired) await rm(home.path(uri), { force: true });
  return retired.length;
}

function isOfNewestHours(text: string): boolean {
  const manifest = jsonOf(text) as { details?: { whole?: unknown } } | null | undefined;
  return manifest?.details?.whole === true;
}

/** All that manifests and models name; a dataset that is old itself keeps no other. */
async function referredTo(home: Home, old: ReadonlySet<string>): Promise<Set<string>> {
  const kinds = await entriesOf(home, 'manifests');
  const manifests = kinds
    .filter((kind) => !NAMES_NO_DATASET.includes(kind))
    .map((kind) => `manifests/${kind}`);
  const needed = new Set<string>();
  for (const folder of [...manifests, 'models']) {
    for (const uri of await jsonUnder(home, folder)) {
      if (!old.has(uri)) for (const named of urisIn(await textOf(home, uri))) needed.add(named);
    }
  }
  return needed;
}

async function jsonUnder(home: Home, folder: string): Promise<string[]> {
  const names = await readdir(home.path(folder), { recursive: true }).catch(unlessGone<string[]>(folder, []));
  return names.filter((name) => name.endsWith('.json')).map((name) => `${folder}/${name}`);
}

const entriesOf = (home: Home, folder: string) =>
  readdir(home.path(folder)).catch(unlessGone<string[]>(folder, []));

const textOf = async (home: Home, uri: string) => (await textIfThere(home.path(uri))) ?? '';
