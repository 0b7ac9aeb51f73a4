#!/usr/bin/env node
// Plain JavaScript without dependencies, for any Node from 18 up: it brings what the rest needs (Node 24, the
// npm packages, the kernels where cargo is there), then hands over. All it says goes to stderr, so that a verb's
// stdout stays the verb's own.
import { existsSync } from 'node:fs';
import * as modules from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { handOver } from './hand-over.mjs';
import { buildKernels } from './kernels.mjs';
import { bringNode } from './node-runtime.mjs';
import { installPackages, packagesAreCurrent } from './packages.mjs';
import { CACHE, NODE_MAJOR, ROOT, SetUpError, say } from './set-up.mjs';

const COMMANDS = {
  start: ['src/cli/main.ts', 'start'],
  cli: ['src/cli/main.ts'],
  setup: ['src/cli/main.ts', 'setup'],
  check: ['.ci/check.mjs'],
  test: ['test/runner.ts'],
  bench: ['bench/main.ts'],
  chaos: ['test/chaos/main.ts'],
  fuzz: ['test/serving/fuzz/main.ts'],
  browser: ['test/browser/main.ts'],
  simulate: ['simulation/main.ts'],
};

async function main([command, ...rest]) {
  const target = Object.hasOwn(COMMANDS, command ?? '') ? COMMANDS[command] : undefined;
  if (!target) {
    throw new SetUpError(
      `Unknown command "${command ?? ''}".`,
      `Use one of ${Object.keys(COMMANDS).join(', ')}.`,
    );
  }
  const [entry, ...fixed] = target;
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 18) {
    throw new SetUpError(
      `Node ${process.versions.node} is too old to set anything up.`,
      'Install Node 18 or newer.',
    );
  }
  const node = major >= NODE_MAJOR ? process.execPath : await bringNode();
  if (!packagesAreCurrent()) await installPackages(node);
  await buildKernels({ again: command === 'setup' });
  const script = join(ROOT, entry);
  if (!existsSync(script)) throw new SetUpError(`${script} is not there.`, 'Clone the repository again.');
  // Every process of a command, and it starts many, would spend two fifths of its start on compiling the same code.
  process.env.NODE_COMPILE_CACHE ??= join(CACHE, 'compiled');
  if (node === process.execPath) {
    // By this Node, or it would be 24: an older one has no such thing.
    if (process.env.NODE_COMPILE_CACHE) modules.enableCompileCache(process.env.NODE_COMPILE_CACHE);
    process.argv = [node, script, ...fixed, ...rest];
    await import(pathToFileURL(script).href);
  } else {
    process.exitCode = await handOver(node, [script, ...fixed, ...rest]);
  }
}

main(process.argv.slice(2)).catch((error) => {
  say(error instanceof SetUpError ? error.message : String(error.stack ?? error));
  process.exitCode = 1;
});
