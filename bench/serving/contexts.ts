import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../src/lake/canonical.ts';
import type { Home } from '../../src/lake/home.ts';
import { modelFolder, versionFolder } from '../../src/registry/layout.ts';
import { placeVersionFolder } from '../../src/registry/version-folder.ts';
import { readVersion } from '../../src/registry/versions.ts';

/**
 * The same network registered as one that looks back so many hours. Its weights do not depend on that number, and what
 * an answer costs does on nothing else.
 */
export async function registerContext(home: Home, from: string, name: string, hours: number): Promise<void> {
  await mkdir(home.path(modelFolder(name)), { recursive: true, mode: 0o700 });
  const { record } = await readVersion({ home }, { name: from, version: 1 });
  await placeVersionFolder(home, name, async ({ version, temporary, finalFolder }) => {
    const files = [];
    for (const file of record.files) {
      const bytes = await readFile(home.path(versionFolder(from, 1), file.file));
      // Manifests name their files by where these lie.
      const moved = file.file.endsWith('.json')
        ? Buffer.from(bytes.toString().replaceAll(`${versionFolder(from, 1)}/`, `${finalFolder}/`))
        : bytes;
      await writeFile(join(temporary, file.file), moved, { mode: 0o600 });
      files.push({ ...file, sha256: sha256(moved), bytes: moved.length });
    }
    const { recordSha256: _, formatVersion: __, ...content } = record;
    return { ...content, name, version, sequenceLength: hours, files };
  });
}
