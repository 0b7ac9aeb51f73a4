import assert from 'node:assert/strict';
import type { CanaryRecord } from '../../src/contracts/lifecycle.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import { answeringVersion, draw } from '../../src/registry/answering.ts';
import {
  listModels,
  readCanary,
  registerModel,
  writeCanary,
  writeChampion,
} from '../../src/registry/stage.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { withHome } from '../backtest/sample-home.ts';
import { rescored, scoredSample } from './scored-sample.ts';

const NAME = 'day-ahead';
const DAYS = Array.from({ length: 400 }, (_, day) =>
  new Date(Date.UTC(2019, 0, 1 + day)).toISOString().slice(0, 13),
);

const champion = (generation: number, version: number, sha256: string) => ({
  ...{ name: NAME, generation, version, sha256, since: '2026-01-01T00:00:00Z', previous: [] },
});

/** Version 1 is champion and knows PACW, version 2 knows no region. */
function withVersions(act: (context: StageContext, hashes: string[]) => Promise<void>) {
  return withHome(async (context) => {
    const sample = await scoredSample(context);
    const hashes: string[] = [];
    for (const backtest of [sample.backtest, await rescored(context, sample, 'second')]) {
      hashes.push((await registerModel(context, { name: NAME, model: sample.model, backtest })).sha256);
    }
    await writeChampion(context, champion(1, 1, hashes[0]!));
    await act(context, hashes);
  });
}

const canaryOf = (sha256: string, share: number, changes: object = {}): CanaryRecord => ({
  name: NAME,
  generation: 1,
  canary: { version: 2, sha256, share, since: '2026', generation: 1, championGeneration: 1, ...changes },
});

describe('a canary', () => {
  it('answers its share of the calls, always the same ones, and more of them as its share grows', () => {
    const calls = DAYS.map((issuedAt) => draw(NAME, 1, { regions: ['ERCO', 'PACW'], issuedAt }));
    const below = (share: number) => calls.filter((drawn) => drawn < share).length / calls.length;
    for (const share of [0.1, 0.3, 0.5])
      assert.ok(Math.abs(below(share) - share) < 0.06, `${share}: ${below(share)}`);
    assert.equal(below(1), 1);
    const [first] = DAYS;
    const at = (regions: string[], user?: string) => draw(NAME, 1, { regions, issuedAt: first! }, user);
    assert.equal(at(['ERCO', 'PACW']), at(['PACW', 'ERCO']));
    assert.notEqual(at(['ERCO']), at(['PACW']));
    assert.notEqual(at(['ERCO'], 'ada'), at(['ERCO'], 'bob'));
    assert.notEqual(at(['ERCO']), draw(NAME, 2, { regions: ['ERCO'], issuedAt: first! }));
  });

  it('is passed over by a call that names a version, and asked only where one runs', () =>
    withVersions(async ({ home }, hashes) => {
      const never = () => assert.fail('the call matters to nobody');
      const alone = await answeringVersion(home, { name: NAME }, never);
      assert.deepEqual([alone.version.record.version, alone.role], [1, 'champion']);
      await writeCanary({ home }, canaryOf(hashes[1]!, 1));
      const named = await answeringVersion(home, { name: NAME, version: 1 }, never);
      assert.deepEqual([named.version.record.version, named.role], [1, 'named']);
      await assert.rejects(answeringVersion(home, { name: 'other' }, never), MissingDataError);
    }));

  it('answers by what the call drew, and says so', () =>
    withVersions(async ({ home }, hashes) => {
      await writeCanary({ home }, canaryOf(hashes[1]!, 0.5));
      for (const issuedAt of DAYS.slice(0, 12)) {
        const call = { regions: [], issuedAt };
        const { version, role, why } = await answeringVersion(home, { name: NAME }, async () => call);
        const isCanary = draw(NAME, 1, call) < 0.5;
        assert.deepEqual([version.record.version, role], isCanary ? [2, 'canary'] : [1, 'champion']);
        assert.match(why, /drew 0\.\d{4} and the canary, version 2, answers below 0\.5/);
      }
    }));

  it('leaves a region that it does not know to the champion', () =>
    withVersions(async ({ home }, hashes) => {
      await writeCanary({ home }, canaryOf(hashes[1]!, 1));
      const call = async () => ({ regions: ['PACW'], issuedAt: DAYS[0]! });
      const { version, why } = await answeringVersion(home, { name: NAME }, call);
      assert.equal(version.record.version, 1);
      assert.match(why, /version 2, does not know PACW/);
    }));

  it('counts no longer once another is champion', () =>
    withVersions(async (context, hashes) => {
      const { home } = context;
      await writeCanary({ home }, canaryOf(hashes[1]!, 1));
      assert.equal((await listModels(context, { name: NAME }))[0]!.canary?.version, 2);
      await writeChampion(context, champion(2, 1, hashes[0]!));
      const { role } = await answeringVersion(home, { name: NAME }, () => assert.fail('no canary runs'));
      assert.equal(role, 'champion');
      assert.equal((await listModels(context, { name: NAME }))[0]!.canary, null);
    }));

  it('is not overwritten by a writer that slept, nor put beside a champion that is gone', () =>
    withVersions(async ({ home }, hashes) => {
      const record = canaryOf(hashes[1]!, 0.5);
      await writeCanary({ home }, { ...record, generation: 2 });
      await writeCanary({ home }, { ...record, generation: 2 });
      await assert.rejects(writeCanary({ home }, { ...record, generation: 1 }), BadInputError);
      const lost = canaryOf(hashes[1]!, 0.5, { championGeneration: 9 });
      await assert.rejects(writeCanary({ home }, { ...lost, generation: 3 }), BadInputError);
      const other = canaryOf(hashes[0]!, 0.5);
      await assert.rejects(writeCanary({ home }, { ...other, generation: 3 }), CorruptArtifactError);
      assert.deepEqual(await readCanary({ home }, { name: NAME }), { ...record, generation: 2 });
    }));
});
