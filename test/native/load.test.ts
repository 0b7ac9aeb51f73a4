import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { KERNEL_PLACE } from '../../src/config/machine.ts';
import { BadInputError } from '../../src/errors.ts';
import { chooseKernel } from '../../src/native/kernel.ts';
import { load } from '../../src/native/load.ts';
import { platformPackage } from '../../src/native/platform.ts';
import { kernelsOr } from './kernels.ts';

const KERNELS = fileURLToPath(new URL('../../kernels', import.meta.url));

describe('loading the kernels', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'ringwatt-kernels-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const reasonFor = (path: string) => {
    const found = load(path, 'built here');
    return 'reason' in found ? found : assert.fail('it loads');
  };

  it('tells of a library that does not load', () => {
    const path = join(folder, 'broken.node');
    writeFileSync(path, 'no library');
    const { reason } = reasonFor(path);
    assert.match(reason, /^the kernels \(built here\) do not load: /);
    assert.equal(reason.includes('\n'), false);
  });

  it('tells of a library of another interface', () => {
    const path = join(folder, 'other.cjs');
    writeFileSync(path, 'exports.interfaceVersion = () => 99;');
    assert.match(reasonFor(path).reason, /of another version: interface 99, not \d+$/);
    writeFileSync(join(folder, 'none.cjs'), '');
    assert.match(reasonFor(join(folder, 'none.cjs')).reason, /interface none/);
  });

  it('takes the best variant unless another is asked for, and refuses one that cannot run', function () {
    const { variants } = kernelsOr(this);
    assert.equal((chooseKernel('auto') as { variant: string }).variant, variants[0]);
    assert.equal((chooseKernel('portable') as { variant: string }).variant, 'portable');
    assert.deepEqual(chooseKernel('none'), { note: 'RINGWATT_KERNEL asks for none' });
    const foreign = variants.includes('neon') ? 'avx2' : 'neon';
    assert.throws(() => chooseKernel(foreign), BadInputError);
  });

  it('loads them in threads, whose end cancels nothing of the others', async function () {
    const { version } = kernelsOr(this);
    const said = [1, 2].map(async () => {
      const thread = new Worker(new URL('./loading-thread.ts', import.meta.url), { execArgv: [] });
      const [words] = (await once(thread, 'message')) as [unknown];
      await once(thread, 'exit');
      return words;
    });
    for (const words of await Promise.all(said)) assert.deepEqual(words, { version, onExit: 0 });
  });

  it('has a package for every platform, of the kernels’ own version', () => {
    const cargo = readFileSync(join(KERNELS, 'Cargo.toml'), 'utf8');
    const version = /^version = "(.+)"$/m.exec(cargo)?.[1];
    const files = globSync(join(KERNELS, 'npm', '*', 'package.json'));
    const packages = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>);
    assert.ok(packages.some(({ name }) => name === platformPackage()));
    for (const { name, version: said, main, files: kept } of packages) {
      const platform = String(name).replace('@ringwatt/kernels-', '');
      assert.ok(existsSync(join(KERNELS, 'npm', platform)));
      assert.equal(said, version);
      assert.deepEqual(kept, [main]);
    }
  });

  it('works from a package that was packed and installed', function () {
    const { version } = kernelsOr(this);
    const record = JSON.parse(readFileSync(join(KERNEL_PLACE, 'built.json'), 'utf8')) as { library?: string };
    if (record.library === undefined) return this.skip();
    const library = join(KERNEL_PLACE, record.library);
    const packed = run(process.execPath, [join(KERNELS, 'pack.mjs'), '--library', library, '--into', folder]);
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', packed.trim()]);
    const path = createRequire(join(folder, 'package.json')).resolve(platformPackage());
    assert.ok(path.startsWith(join(folder, 'node_modules', '@ringwatt')));
    const found = load(path, platformPackage());
    assert.equal('kernels' in found && found.kernels.version, version);
  });

  function run(program: string, args: string[]): string {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout;
  }
});
