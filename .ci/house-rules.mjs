// Checks which folder imports from which. The checker cannot tell `import type` from `import` without an older
// TypeScript, so it reads a copy of the sources from which Node has stripped the types: what is left is what runs.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = [
  'src',
  'workflows',
  'activities',
  'workers',
  'schedules',
  'bench',
  'simulation',
  'test',
  'docs/examples',
].filter((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }).length > 0);

process.removeAllListeners('warning');
process.on('warning', () => {});
const copy = mkdtempSync(join(tmpdir(), 'ringwatt-rules-'));
try {
  for (const file of FOLDERS.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }))) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), stripTypeScriptTypes(readFileSync(join(ROOT, file), 'utf8')));
  }
  // What a browser runs has no types to strip.
  for (const file of globSync('src/**/*.js', { cwd: ROOT })) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    copyFileSync(join(ROOT, file), join(copy, file));
  }
  copyFileSync(join(ROOT, 'package.json'), join(copy, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const cruiser = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');
  const rules = join(ROOT, '.dependency-cruiser.cjs');
  const { status, stdout } = spawnSync(process.execPath, [cruiser, '--config', rules, ...FOLDERS], {
    cwd: copy,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // It warns that it found no TypeScript it can use: the copy needs none.
  process.stdout.write(stdout.split('\n‼')[0].trimStart());
  process.exitCode = status ?? 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
