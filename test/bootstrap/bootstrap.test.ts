import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SampleProject, ended } from './sample-project.ts';

describe('bootstrap on an older Node', () => {
  let project: SampleProject;
  beforeEach(() => (project = new SampleProject()));
  afterEach(() => project.remove());

  it('brings Node 24 and the packages, then hands over with that Node first on PATH', async () => {
    const { code, stdout, stderr } = await project.run(['cli', 'models', '--json']);
    assert.equal(code, 0, stderr);
    const said = JSON.parse(stdout) as { args: string[]; path: string; node: string };
    assert.deepEqual(said.args, ['models', '--json']);
    assert.match(said.node, /^24\./);
    assert.ok(said.path.split(delimiter)[0]!.startsWith(join(project.root, '.cache', 'node-24.')));
    const [first, second] = project.npmCalls;
    assert.match(first!, /^install .*--ignore-scripts.* node-(bin-)?[a-z]+-[a-z0-9]+@24\.\d+\.\d+$/);
    assert.match(second!, /^ci .*--ignore-scripts/);
  });

  it('keeps stdout for the program: what it does itself is told on stderr', async () => {
    const { stdout, stderr } = await project.run(['cli', 'x']);
    assert.equal(stdout.trim().split('\n').length, 1);
    assert.match(stderr, /bringing Node 24/);
    assert.match(stderr, /npm packages: done in/);
  });

  it('does nothing the second time, and says nothing', async () => {
    await project.run(['cli']);
    const calls = project.npmCalls.length;
    const { stderr } = await project.run(['cli']);
    assert.equal(project.npmCalls.length, calls);
    assert.equal(stderr, '');
  });

  it('keeps compiled code in the project for all that the program starts, unless told where', async () => {
    const compiled = join(project.root, '.cache', 'compiled');
    const said = async (environment: Record<string, string> = {}) =>
      (JSON.parse((await project.run(['cli'], environment)).stdout) as { compiled: string }).compiled;
    assert.equal(await said(), compiled);
    assert.ok(readdirSync(compiled).length > 0);
    assert.equal(await said({ NODE_COMPILE_CACHE: project.root }), project.root);
  });

  it('installs again when the lock file has changed, and leaves Node as it is', async () => {
    await project.run(['cli']);
    project.writeLock('{"lockfileVersion":3,"packages":{}}');
    await project.run(['cli']);
    assert.deepEqual(
      project.npmCalls.map((call) => call.split(' ')[0]),
      ['install', 'ci', 'ci'],
    );
  });

  it('fails in one line when npm fails, with npm’s own words before it, and tries again the next time', async () => {
    const { code, stdout, stderr } = await project.run(['cli'], { SAMPLE_NPM_FAILS: '1' });
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /E404 not found/);
    assert.match(
      stderr.trim().split('\n').at(-1)!,
      /^ringwatt: Node 24\S+: npm failed \(1\)\. Check the network/,
    );
    assert.ok(!readdirSync(join(project.root, '.cache')).some((name) => name.includes('node-24')));
    assert.equal((await project.run(['cli'])).code, 0);
  });

  it('lets one of two install while the other waits', async () => {
    const both = await Promise.all([project.run(['cli']), project.run(['cli'])]);
    assert.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
    );
    assert.equal(project.npmCalls.filter((call) => call.startsWith('ci')).length, 1);
    assert.equal(existsSync(join(project.root, '.cache', 'set-up.lock')), false);
  });

  it('passes signals and exit codes through', async () => {
    await project.run(['cli']);
    const child = project.start(['cli', 'wait']);
    const end = ended(child);
    await once(child.stdout!, 'data');
    child.kill('SIGTERM');
    assert.equal((await end).code, 7);
  });

  it('names the commands when it does not know one', async () => {
    const { code, stderr } = await project.run(['tset']);
    assert.equal(code, 1);
    assert.match(stderr, /Unknown command "tset"\. Use one of start, cli/);
    assert.deepEqual(project.npmCalls, []);
  });
});
