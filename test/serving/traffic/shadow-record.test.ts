import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { shadowLines } from '../../../src/cli/shadow-view.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../../src/errors.ts';
import type { Home } from '../../../src/lake/home.ts';
import { endShadow, readShadow, shadowUri, startShadow } from '../../../src/registry/shadow.ts';
import { addToSummary } from '../../../src/serving/traffic/shadow/file.ts';
import { addCompared, emptySummary } from '../../../src/serving/traffic/shadow/summary.ts';
import { reasonOf, ringwatt } from '../../cli/command.ts';
import { AT, NAME, crown, withVersions } from './traffic-home.ts';

const ADA = { by: 'ada', reason: 'before the winter' };
const start = (home: Home, changes: object = {}) =>
  startShadow(home, NAME, { version: 2, share: 0.2, ...ADA, ...changes }, AT);

async function audited(home: Home): Promise<string[]> {
  const lines = (await readFile(home.path('audit/log.jsonl'), 'utf8')).trimEnd().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return entries
    .filter(({ what }) => String(what).startsWith('shadow-'))
    .map(
      ({ who, what, why, details }) =>
        `${String(who)} ${String(what)} ${String(why)} ${JSON.stringify(details)}`,
    );
}

describe("the record of a model's shadow", () => {
  it('says who is shown what, and the audit who wanted it, once', () =>
    withVersions(async (home) => {
      const first = await start(home);
      assert.deepEqual(await start(home), first);
      assert.deepEqual([first.generation, first.shadow!.version, first.shadow!.generation], [1, 2, 1]);
      const second = await start(home, { share: 0.5 });
      assert.deepEqual([second.generation, second.shadow!.share, second.shadow!.generation], [2, 0.5, 2]);
      const ended = await endShadow(home, NAME, { by: 'bob', reason: '' }, AT);
      assert.deepEqual(await endShadow(home, NAME, ADA, AT), ended);
      assert.deepEqual([ended.generation, ended.shadow], [3, null]);
      assert.deepEqual(await readShadow(home, NAME), ended);
      assert.deepEqual(await audited(home), [
        'ada shadow-started before the winter {"share":0.2,"version":2}',
        'ada shadow-started before the winter {"share":0.5,"version":2}',
        'bob shadow-ended  {}',
      ]);
    }));

  it('begins anew beside another champion', () =>
    withVersions(async (home) => {
      const first = await start(home);
      await crown(home, 2, 1);
      const second = await start(home);
      assert.deepEqual([second.shadow!.championGeneration, second.shadow!.generation], [2, 2]);
      assert.notDeepEqual(second.shadow, first.shadow);
    }));

  it('is of a version that is there and whole, and is not champion', () =>
    withVersions(async (home) => {
      await assert.rejects(start(home, { version: 1 }), /Version 1 of day-ahead is its champion/);
      await assert.rejects(start(home, { version: 9 }), MissingDataError);
      await assert.rejects(endShadow(home, NAME, ADA, AT), BadInputError);
      await appendFile(home.path(`models/${NAME}/2/version.json`), ' ');
      await assert.rejects(start(home), CorruptArtifactError);
      assert.equal(await readShadow(home, NAME), null);
      await writeFile(home.path(shadowUri(NAME)), '{}');
      await assert.rejects(readShadow(home, NAME), /shadow\.json is not a shadow's record/);
    }));

  it('is written, told of and ended by the verb', () =>
    withVersions(async (home) => {
      const run = (...args: string[]) => ringwatt(['shadow', ...args, '--home', home.root]);
      const refused = await Promise.all([
        run('start', NAME, '2', '--share', '1.5'),
        run('stop', NAME),
        run('end', NAME, '2'),
      ]);
      assert.deepEqual(
        refused.map((ended) => [ended.code === 0, reasonOf(ended).split('.')[0]!.slice(0, 33)]),
        [
          [false, 'Wrong input: --share: Too big: ex'],
          [false, 'A shadow cannot be asked to "stop'],
          [false, 'end takes no version'],
        ],
      );
      const started = await run('start', NAME, '2', '--share', '0.07', '--by', 'ada', '--reason', 'why');
      assert.match(started.stdout, /version 2 shadows 7 % of the champion's answers/);
      const named = { name: NAME, generation: 1, champion: 1, candidate: 2 };
      const summary = emptySummary(named, AT);
      addCompared(summary, {
        ...{
          champion: 1,
          candidate: 2,
          signature: 's',
          mismatched: ['z'],
          seconds: 0.02,
          championSeconds: 0.01,
        },
        differences: [{ output: 'y', absolute: 0.5, relative: 0.25 }],
      });
      await addToSummary(home, summary);
      const { stdout } = await run('status', NAME);
      assert.match(stdout, /1 request compared with version 1, 0 failed, 0 dropped/);
      assert.match(stdout, /shadow, version 2 +20\.0 +20\.0 +20\.0/);
      assert.match(stdout, /s\/y +0\.50 +0\.50 +0\.25 +0\.25 +0/);
      const told = JSON.parse((await run('status', NAME, '--json')).stdout) as { active: object };
      assert.deepEqual(told.active, (await readShadow(home, NAME))!.shadow);
      assert.equal((await run('end', NAME)).code, 0);
      const [line] = shadowLines((await readShadow(home, NAME))!, null, summary);
      assert.match(line!, /nothing shadows it now; \S+ ended it at/);
      assert.equal((await audited(home))[0], 'ada shadow-started why {"share":0.07,"version":2}');
    }));
});
