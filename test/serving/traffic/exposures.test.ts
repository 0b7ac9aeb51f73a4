import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { evaluationOf, noteExposure } from '../../../src/ab-test/journal.ts';
import type { Exposure } from '../../../src/ab-test/evaluation.ts';
import { requestName, routeRequest } from '../../../src/ab-test/route.ts';
import type { ABTestRecord } from '../../../src/contracts/ab-test.ts';
import type { Home } from '../../../src/lake/home.ts';
import { Exposures, type ExposureParts } from '../../../src/serving/traffic/exposures.ts';
import { silentLogger } from '../../../src/stages/context.ts';
import { startWinter, withVersions } from './traffic-home.ts';

const PROCESS = fileURLToPath(new URL('exposing-process.ts', import.meta.url));
const FILE = 'ab-tests/winter/exposures.jsonl';
const NEVER = 2 ** 30;

async function assigned(home: Home, { config }: ABTestRecord) {
  const { control, treatment } = (await evaluationOf(home, config)).result();
  return [control.assigned, treatment.assigned];
}

const linesOf = async (home: Home) => (await readFile(home.path(FILE), 'utf8')).trimEnd().split('\n');

/** What this process counts, with what was told of it. */
function counting(home: Home, parts: Partial<ExposureParts> = {}) {
  const told = { kept: [] as number[], lost: [] as string[], complaints: [] as string[] };
  const complain = (fields: object) => void told.complaints.push(JSON.stringify(fields));
  const exposures = new Exposures({
    ...{ home, log: { ...silentLogger, error: complain }, everyMs: NEVER },
    observer: {
      exposuresKept: (_, count) => void told.kept.push(count),
      exposuresLost: (_, count, why) => void told.lost.push(`${count} ${why}`),
    },
    ...parts,
  });
  return { exposures, told };
}

async function startCounting(home: Home, first: number, count: number): Promise<ChildProcess> {
  const child = fork(PROCESS, [home.root, 'winter', String(first), String(count)]);
  await once(child, 'message');
  return child;
}

async function tell(child: ChildProcess, what: 'flush' | 'more'): Promise<void> {
  const done = once(child, 'message');
  child.send(what);
  await done;
}

describe('exposures of an A/B test in the path', () => {
  it('come into the journal together, a user once, and as noteExposure would count them', () =>
    withVersions(async (home) => {
      const test = await startWinter(home);
      const { exposures, told } = counting(home);
      const users = Array.from({ length: 300 }, (_, i) => `user-${i}`);
      for (const visit of [1, 2, 3]) {
        for (const user of users) exposures.note(test, { requestId: `${user}/${visit}`, user });
      }
      exposures.note(test, { requestId: 'stranger', user: undefined });
      for (const requestId of ['', 'not a name', 'x'.repeat(201)]) exposures.note(test, { requestId });
      await exposures.flush();
      await exposures.flush();
      assert.deepEqual([told.kept, told.lost], [[301], ['1 unnamed', '1 unnamed', '1 unnamed']]);
      const treated = users.filter((user) => routeRequest(test.config, '', user) === 'treatment').length;
      const stranger = Number(routeRequest(test.config, 'stranger') === 'treatment');
      assert.deepEqual(await assigned(home, test), [301 - treated - stranger, treated + stranger]);
      const request = requestName('winter', 'user-7/1', 'user-7');
      const again = await noteExposure(home, test, { request, user: 'user-7', at: '2026' });
      const lines = (await linesOf(home)).map((text) => JSON.parse(text) as Exposure);
      assert.deepEqual({ ...lines.find((line) => line.request === request), at: '2026' }, again);
      assert.equal((await linesOf(home)).length, 301);
    }));

  it('are written by themselves', () =>
    withVersions(async (home) => {
      const test = await startWinter(home);
      const { promise, resolve } = Promise.withResolvers<number>();
      const observer = { exposuresKept: (_: string, count: number) => resolve(count) };
      const { exposures } = counting(home, { observer, everyMs: 5 });
      exposures.note(test, { requestId: 'r1', user: 'ada' });
      assert.equal(await promise, 1);
      assert.equal((await linesOf(home)).length, 1);
    }));

  it('of several processes stand in one journal whole, and users of both count once', () =>
    withVersions(async (home) => {
      const test = await startWinter(home);
      const children = await Promise.all([0, 500, 1000].map((first) => startCounting(home, first, 1000)));
      await Promise.all(children.map((child) => tell(child, 'flush')));
      assert.equal((await linesOf(home)).length, 3000);
      const [control, treatment] = await assigned(home, test);
      assert.equal(control! + treatment!, 2000);
      // What waits when a process is killed is lost; what was written is whole.
      const [killed, other] = children;
      await tell(killed!, 'more');
      killed!.kill('SIGKILL');
      await once(killed!, 'exit');
      assert.equal((await linesOf(home)).length, 3000);
      // Half of a line, as a machine that stops leaves it.
      await appendFile(home.path(FILE), '{"at":"2026');
      await tell(other!, 'more');
      other!.disconnect();
      await once(other!, 'exit');
      const [after, treated] = await assigned(home, test);
      assert.equal(after! + treated!, 2001);
      children[2]!.kill();
    }));

  it('are no more once the journal is as long as anybody reads', () =>
    withVersions(async (home) => {
      const test = await startWinter(home);
      const { exposures, told } = counting(home);
      await writeFile(home.path(FILE), '');
      await truncate(home.path(FILE), 256 * 2 ** 20 + 1);
      for (const user of ['ada', 'bob']) {
        exposures.note(test, { requestId: user, user });
        await exposures.flush();
      }
      assert.deepEqual([told.kept, told.lost], [[], ['1 full']]);
    }));

  it('wait while they cannot be written, are told of once, and come in when they can', () =>
    withVersions(async (home) => {
      const test = await startWinter(home);
      const { exposures, told } = counting(home, { most: 2 });
      await mkdir(home.path(FILE));
      for (const user of ['ada', 'bob', 'eve']) exposures.note(test, { requestId: user, user });
      for (let i = 0; i < 3; i++) await assert.rejects(exposures.flush(), /EISDIR/);
      assert.deepEqual([told.kept, told.lost, told.complaints.length], [[], ['1 waiting'], 1]);
      await rm(home.path(FILE), { recursive: true });
      await exposures.flush();
      // Whoever was lost counts with the next request.
      exposures.note(test, { requestId: 'eve-again', user: 'eve' });
      await exposures.flush();
      assert.deepEqual(told.kept, [2, 1]);
      const [control, treatment] = await assigned(home, test);
      assert.equal(control! + treatment!, 3);
    }));
});
