import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../src/stack/commands.ts';

const PROGRAM = `
import { startBackend } from ${JSON.stringify(new URL('../../src/backend/backend.ts', import.meta.url).href)};
const { name, device, note } = await startBackend();
process.stdout.write(JSON.stringify({ name, device, note }));
`;

describe('which backend TensorFlow.js computes with', () => {
  let cache: string;
  before(async () => {
    cache = await mkdtemp(join(tmpdir(), 'ringwatt-test-'));
  });
  after(() => rm(cache, { recursive: true, force: true }));

  const start = (backend: string) =>
    runProgram(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
      extra: { RINGWATT_BACKEND: backend, RINGWATT_KERNEL: 'none', XDG_CACHE_HOME: cache },
    });

  it('is WebAssembly where nothing was built, and says why', async () => {
    const { stdout } = await start('auto');
    const { name, device, note } = JSON.parse(stdout) as Record<string, string>;
    assert.deepEqual({ name, device }, { name: 'tfjs-wasm', device: 'cpu' });
    assert.match(note!, /setup tensorflow/);
  });

  it('is never another one than the one asked for by name', async () => {
    const { code, stderr } = await start('tensorflow');
    assert.notEqual(code, 0);
    assert.match(stderr, /RINGWATT_BACKEND asks for TensorFlow's own library/);
  });
});
