import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { reasonOf, ringwatt } from '../cli/command.ts';

/** Programs of a machine that lacks some; a fake one says what it is told to on stderr and fails. */
function machine(folder: string, fakes: Record<string, string>): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  for (const [name, script] of Object.entries(fakes)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return bin;
}

const FAILS = 'echo "no network here" >&2; exit 1';

describe('setup tensorflow', function () {
  let folder: string;
  before(function () {
    // Elsewhere it says that it is for Linux.
    if (process.platform !== 'linux') this.skip();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringwatt-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const setUp = (bin: string, ...args: string[]) =>
    ringwatt(['setup', 'tensorflow', ...args], {
      PATH: `${bin}:/bin`,
      XDG_CACHE_HOME: join(folder, 'cache'),
    });

  it('says which program is missing, and what to do', async () => {
    const everything = { python3: 'exit 0', npm: FAILS, 'g++': FAILS };
    for (const [missing, said] of [
      ['python3', /no program "python3".*--python/],
      ['npm', /no program "npm"/],
      ['g++', /no program "g\+\+".*C\+\+ compiler/],
    ] as const) {
      const { [missing]: _, ...rest } = everything as Record<string, string>;
      const bin = machine(folder, rest);
      const ended = await ringwatt(['setup', 'tensorflow'], {
        PATH: bin,
        XDG_CACHE_HOME: join(folder, 'cache'),
      });
      assert.equal(ended.code, 1);
      assert.match(reasonOf(ended), said);
      rmSync(bin, { recursive: true });
    }
  });

  it('says that Python has no pip', async () => {
    const python3 = 'echo "No module named pip" >&2; exit 1';
    const ended = await setUp(machine(folder, { python3, npm: FAILS, 'g++': FAILS }));
    assert.match(reasonOf(ended), /has no pip: No module named pip.*python3-pip/);
  });

  it('says what a registry answered, and leaves nothing half built', async () => {
    const ended = await setUp(machine(folder, { python3: 'exit 0', npm: FAILS, 'g++': FAILS }));
    assert.equal(ended.code, 1);
    assert.match(reasonOf(ended), /npm brings no @tensorflow\/tfjs-node 4\.22\.0: no network here/);
    const cache = join(folder, 'cache', 'ringwatt', 'tensorflow');
    assert.deepEqual(readdirSync(cache), []);
  });

  it('refuses what it does not know', async () => {
    const bin = dirname(process.execPath);
    assert.match(reasonOf(await ringwatt(['setup', 'pytorch'], { PATH: bin })), /setup knows no "pytorch"/);
    assert.match(reasonOf(await ringwatt(['setup', '--cuda'], { PATH: bin })), /--cuda .*belong to/);
    const ended = await setUp(machine(folder, { npm: FAILS, 'g++': FAILS }), '--python', '/no/such/python');
    assert.match(reasonOf(ended), /no program "\/no\/such\/python"/);
  });
});
