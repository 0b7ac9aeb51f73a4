import { readdir, stat } from 'node:fs/promises';
import type { ArtifactKind, ArtifactReference, Manifest } from '../contracts/artifact.ts';
import { readManifest, referTo } from './artifacts.ts';
import type { Home } from './home.ts';

/**
 * The newest manifest of a kind, of those that serve where there are such; undefined where the home has none of the
 * kind.
 */
export async function newestManifest(
  home: Home,
  kind: ArtifactKind,
  serves: (details: Manifest['details']) => boolean = () => true,
): Promise<{ reference: ArtifactReference; manifest: Manifest } | undefined> {
  const folder = `manifests/${kind}`;
  const names = await readdir(home.path(folder)).catch(() => []);
  const dated = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => ({ uri: `${folder}/${name}`, at: (await stat(home.path(folder, name))).mtimeMs })),
  );
  let newest: { reference: ArtifactReference; manifest: Manifest } | undefined;
  for (const { uri } of dated.toSorted((a, b) => b.at - a.at)) {
    const plain = await referTo(home, uri);
    const manifest = await readManifest(home, plain, kind);
    // As the stage that wrote it refers to it, so that work done on it is found again.
    const found = { reference: { ...plain, rows: manifest.rows }, manifest };
    if (serves(manifest.details)) return found;
    newest ??= found;
  }
  return newest;
}
