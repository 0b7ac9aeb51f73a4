// Makes a publishable package of a built library: `node kernels/pack.mjs --library <file> --into <folder>
// [--platform linux-x64-gnu]`. It goes where the loader looks when nothing was built on the machine itself:
// src/native/load.ts. The packages' own descriptions lie in kernels/npm, one for each platform.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { platformPackage } from '../src/native/platform.ts';

const KERNELS = dirname(fileURLToPath(import.meta.url));

const { values } = parseArgs({
  options: { library: { type: 'string' }, into: { type: 'string' }, platform: { type: 'string' } },
});
if (!values.library || !values.into) fail('Give --library <file> and --into <folder>.');

const platform = values.platform ?? platformPackage().replace('@ringwatt/kernels-', '');
const description = join(KERNELS, 'npm', platform);
const { version, main } = JSON.parse(readFileSync(join(description, 'package.json'), 'utf8'));
const built = /^version = "(.+)"$/m.exec(readFileSync(join(KERNELS, 'Cargo.toml'), 'utf8'))?.[1];
if (version !== built) {
  fail(`kernels/npm/${platform}/package.json says version ${version}, kernels/Cargo.toml ${built}.`);
}

const staged = mkdtempSync(join(tmpdir(), 'ringwatt-pack-'));
try {
  cpSync(description, staged, { recursive: true });
  copyFileSync(values.library, join(staged, main));
  copyFileSync(join(KERNELS, '..', 'LICENSE'), join(staged, 'LICENSE'));
  const into = resolve(values.into);
  mkdirSync(into, { recursive: true });
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--pack-destination', into], {
    cwd: staged,
    encoding: 'utf8',
  });
  if (status !== 0) fail(`npm pack failed: ${stderr}`);
  process.stdout.write(`${join(into, stdout.trim().split('\n').at(-1))}\n`);
} finally {
  rmSync(staged, { recursive: true, force: true });
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
