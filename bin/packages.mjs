// Installs the npm packages when they are not the ones the lock file names.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, alone, npm, say } from './set-up.mjs';

const STAMP = join(ROOT, 'node_modules', '.ringwatt-stamp');

/** What node_modules must have been made from: written there after an install that went through. */
function stamp() {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  return `${lock} ${process.platform}-${process.arch}\n`;
}

export function packagesAreCurrent() {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp();
}

export async function installPackages(node) {
  await alone(async () => {
    if (packagesAreCurrent()) return;
    say('installing the npm packages');
    rmSync(STAMP, { force: true });
    // Nothing needs an install script, and newer npm versions refuse to run them: leave them out everywhere.
    await npm(
      node,
      ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        what: 'npm packages',
      },
    );
    writeFileSync(STAMP, stamp());
  });
}
