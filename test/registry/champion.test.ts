import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import type { ChampionRecord, LifecycleEvent } from '../../src/contracts/lifecycle.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import {
  appendHistory,
  listModels,
  readChampion,
  readHistory,
  registerModel,
  writeChampion,
} from '../../src/registry/stage.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { withHome } from '../backtest/sample-home.ts';
import { rescored, scoredSample } from './scored-sample.ts';

const NAME = { name: 'day-ahead' };

function withTwoVersions(act: (context: StageContext, records: ChampionRecord[]) => Promise<void>) {
  return withHome(async (context) => {
    const sample = await scoredSample(context);
    const backtests = [sample.backtest, await rescored(context, sample, 'second')];
    const records: ChampionRecord[] = [];
    for (const [generation, backtest] of backtests.entries()) {
      const { version, sha256 } = await registerModel(context, { ...NAME, model: sample.model, backtest });
      records.push({
        ...NAME,
        generation: generation + 1,
        version,
        sha256,
        since: '2026-01-01T00:00:00Z',
        previous: [],
      });
    }
    await act(context, records);
  });
}

describe('champion', () => {
  it('is nobody until somebody is promoted, and then the one of the highest generation', () =>
    withTwoVersions(async (context, [first, second]) => {
      assert.equal(await readChampion(context, NAME), null);
      await writeChampion(context, first!);
      await writeChampion(context, second!);
      assert.deepEqual(await readChampion(context, NAME), second);
      assert.equal((await listModels(context, NAME))[0]!.champion!.version, 2);
    }));

  it('is not overwritten by a writer that slept through a promotion; a retry of the same one changes nothing', () =>
    withTwoVersions(async (context, [first, second]) => {
      await writeChampion(context, second!);
      await assert.rejects(writeChampion(context, first!), BadInputError);
      await assert.rejects(writeChampion(context, { ...first!, generation: 2 }), BadInputError);
      await writeChampion(context, second!);
      assert.deepEqual(await readChampion(context, NAME), second);
    }));

  it('has one winner when writers of one generation meet', () =>
    withTwoVersions(async (context, [first, second]) => {
      const rivals = [first!, { ...second!, generation: 1 }];
      const results = await Promise.allSettled(rivals.map((record) => writeChampion(context, record)));
      assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      const winner = rivals[results.findIndex(({ status }) => status === 'fulfilled')];
      assert.deepEqual(await readChampion(context, NAME), winner);
    }));

  it('is never a version that is not there, is another one, or is damaged', () =>
    withTwoVersions(async (context, [first, second]) => {
      await assert.rejects(writeChampion(context, { ...first!, version: 9 }), MissingDataError);
      await assert.rejects(
        writeChampion(context, { ...first!, sha256: second!.sha256 }),
        CorruptArtifactError,
      );
      await appendFile(context.home.path('models/day-ahead/1/weights.safetensors'), 'x');
      await assert.rejects(writeChampion(context, first!), CorruptArtifactError);
      assert.equal(await readChampion(context, NAME), null);
    }));

  it('says so when its record is damaged', () =>
    withTwoVersions(async (context, [first]) => {
      await writeChampion(context, first!);
      const path = context.home.path('models/day-ahead/champion.json');
      await writeFile(path, (await readFile(path, 'utf8')).slice(0, 20));
      await assert.rejects(readChampion(context, NAME), CorruptArtifactError);
      await writeFile(path, '{"name":"day-ahead"}');
      await assert.rejects(readChampion(context, NAME), /generation/);
    }));
});

describe('history', () => {
  const withModel = (act: (context: StageContext) => Promise<void>) =>
    withHome(async (context) => {
      await mkdir(context.home.path('models/day-ahead'), { recursive: true });
      await act(context);
    });
  const event = (version: number, kind: LifecycleEvent['kind'] = 'promoted'): LifecycleEvent => ({
    at: '2026-01-01T00:00:00Z',
    kind,
    version,
    previous: null,
    by: 'ada',
    identity: 'claimed',
    reason: 'lower error',
  });

  it('tells who, when and why, oldest first; a retried event stands once', () =>
    withModel(async (context) => {
      assert.deepEqual(await readHistory(context, NAME), []);
      for (const version of [1, 2, 2]) await appendHistory(context, { ...NAME, event: event(version) });
      assert.deepEqual(await readHistory(context, NAME), [event(1), event(2)]);
    }));

  it('keeps events that are appended at once apart', () =>
    withModel(async (context) => {
      const versions = [1, 2, 3, 4, 5];
      await Promise.all(
        versions.map((version) => appendHistory(context, { ...NAME, event: event(version) })),
      );
      const found = (await readHistory(context, NAME)).map(({ version }) => version!);
      assert.deepEqual(found.sort(), versions);
    }));

  it('survives a line that a crash cut off, and refuses a line of another form', () =>
    withModel(async (context) => {
      await appendHistory(context, { ...NAME, event: event(1) });
      const path = context.home.path('models/day-ahead/history.jsonl');
      await appendFile(path, '{"at":"2026');
      await appendHistory(context, { ...NAME, event: event(2) });
      assert.deepEqual(await readHistory(context, NAME), [event(1), event(2)]);
      await appendFile(path, '{"at":1}\n');
      await assert.rejects(readHistory(context, NAME), /Line 4 of models\/day-ahead\/history.jsonl/);
    }));

  it('of a model that nobody registered has no folder', () =>
    withHome(async (context) => {
      await appendHistory(context, { ...NAME, event: event(1, 'refused') });
      assert.deepEqual(await readdir(context.home.path('models')).catch(() => []), []);
    }));
});
