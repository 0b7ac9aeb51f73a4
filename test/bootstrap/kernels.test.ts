import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SampleProject } from './sample-project.ts';

describe('the kernels in the set-up', () => {
  let project: SampleProject;
  let PATH: string;
  beforeEach(() => {
    project = new SampleProject();
    PATH = project.addKernels();
  });
  afterEach(() => project.remove());

  const place = () => join(project.root, '.cache', 'kernels');
  const record = () =>
    JSON.parse(readFileSync(join(place(), 'built.json'), 'utf8')) as Record<string, string>;
  const built = () => readFileSync(join(place(), record()['library']!), 'utf8');

  it('are built once, and put where the loader looks', async () => {
    const first = await project.run(['cli'], { PATH });
    assert.match(first.stderr, /building the kernels/);
    assert.match(first.stderr, /kernels: built in \d+ s/);
    assert.equal(built(), 'fn main() {}');
    const second = await project.run(['cli'], { PATH });
    assert.equal(second.stderr, '');
    assert.deepEqual(project.cargoCalls, ['build --release --locked --package ringwatt-addon']);
  });

  it('tell now and then what cargo is at, so that waiting is told from compiling', async () => {
    const hurried = 'const set = setInterval; globalThis.setInterval = (work, ms) => set(work, ms / 100);';
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hurried)}`;
    const { stderr } = await project.run(['cli'], { PATH, NODE_OPTIONS, SAMPLE_CARGO_WAITS: '1' });
    assert.match(
      stderr,
      /ringwatt: kernels: \d+ s so far, cargo: Blocking waiting for file lock on package cache\n/,
    );
    assert.match(stderr, /kernels: built in/);
  });

  it('are built again when their sources have changed, under another name', async () => {
    await project.run(['cli'], { PATH });
    const { library } = record();
    project.writeKernel('fn main() { work() }');
    await project.run(['cli'], { PATH });
    assert.equal(built(), 'fn main() { work() }');
    assert.notEqual(record()['library'], library);
    assert.equal(readdirSync(place()).filter((name) => name.endsWith('.node')).length, 1);
  });

  it('that do not build are told in one line, noted, and stand in nobody’s way', async () => {
    const { code, stderr } = await project.run(['cli'], { PATH, SAMPLE_CARGO_FAILS: '1' });
    assert.equal(code, 0);
    assert.match(stderr, /the kernels do not build \(linker cc not found\): going on without them/);
    assert.equal(record()['failure'], 'linker cc not found');
    assert.equal((await project.run(['cli'], { PATH })).stderr, '');
    assert.equal(project.cargoCalls.length, 1, 'not tried at every start');
    await project.run(['setup'], { PATH });
    assert.equal(project.cargoCalls.length, 2, 'but by `setup`');
    assert.equal(built(), 'fn main() {}');
  });

  it('are not spoken of where cargo is missing', async () => {
    const empty = join(project.root, 'empty');
    mkdirSync(empty);
    writeFileSync(join(empty, 'nothing'), '');
    const { code, stderr } = await project.run(['cli'], { PATH: empty });
    assert.equal(code, 0);
    assert.doesNotMatch(stderr, /kernel/);
  });
});
