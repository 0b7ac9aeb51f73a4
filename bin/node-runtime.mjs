// Brings Node 24 from the npm registry where the machine's own is older.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, NODE_MAJOR, SetUpError, alone, npm, say } from './set-up.mjs';

const VERSION = '24.21.0';

/** The platform's own package holds the binary itself, so no install script has to run. */
function packageName() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const prefix = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${platform}-${process.arch}`;
}

/** The path of a Node 24 binary in the project's cache, brought there when it is not. */
export async function bringNode() {
  const name = packageName();
  const folder = join(CACHE, `node-${VERSION}`);
  const binary = join(
    folder,
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (existsSync(binary)) return binary;
  return alone(async () => {
    if (existsSync(binary)) return binary;
    say(`this Node is ${process.versions.node}: bringing Node ${VERSION} into .cache/`);
    const temporary = `${folder}.${process.pid}.tmp`;
    try {
      mkdirSync(temporary, { recursive: true });
      writeFileSync(join(temporary, 'package.json'), '{"private":true}\n');
      const flags = [
        '--prefix',
        temporary,
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
      ];
      await npm(process.execPath, ['install', ...flags, '--no-save', `${name}@${VERSION}`], {
        what: `Node ${VERSION}`,
        cwd: temporary,
      });
      rmSync(folder, { recursive: true, force: true });
      renameSync(temporary, folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
    const said = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout ?? '';
    if (!said.startsWith(`v${NODE_MAJOR}.`)) {
      rmSync(folder, { recursive: true, force: true });
      throw new SetUpError(
        `The registry's Node ${VERSION} does not run on this machine.`,
        'Install Node 24 from nodejs.org and try again.',
      );
    }
    return binary;
  });
}
