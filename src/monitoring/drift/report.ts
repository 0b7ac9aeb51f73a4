import type { Manifest } from '../../contracts/artifact.ts';
import { MissingDataError } from '../../errors.ts';
import { readArtifact } from '../../lake/artifacts.ts';
import type { Home } from '../../lake/home.ts';
import type { DriftDocument } from './document.ts';

/** What a drift manifest says: in figures, and as a page. */
export async function readDrift(
  home: Home,
  { files, key }: Manifest,
): Promise<{ document: DriftDocument; page: string }> {
  const read = async (role: string) =>
    (await readArtifact(home, fileOf({ files, key }, role))).toString('utf8');
  return { document: JSON.parse(await read('report')) as DriftDocument, page: await read('page') };
}

/** Where the page lies, for a browser. */
export const pageOf = (home: Home, manifest: Manifest): string => home.pathOf(fileOf(manifest, 'page'));

function fileOf({ files, key }: Pick<Manifest, 'files' | 'key'>, role: string): Manifest['files'][number] {
  const file = files.find((candidate) => candidate.role === role);
  if (file) return file;
  throw new MissingDataError(`The drift manifest ${key} has no ${role}.`, 'Look for drift again.');
}
