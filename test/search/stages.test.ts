import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/config.ts';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import {
  scoreTrialInput,
  searchInput,
  type SearchTrial,
  type TrialRun,
  type TrialSettings,
} from '../../src/contracts/search.ts';
import { BadInputError, MissingDataError } from '../../src/errors.ts';
import { readArtifact, readManifest, writeManifest } from '../../src/lake/artifacts.ts';
import { Home } from '../../src/lake/home.ts';
import { finishSearch } from '../../src/search/finish-stage.ts';
import { planSearch } from '../../src/search/plan-stage.ts';
import { scoreTrial } from '../../src/search/score-stage.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { rollingSequences, SCORE } from '../backtest/rolling-home.ts';
import { reference } from '../support/fake-stages.ts';

/** A manifest as the stage that cuts sequences writes it, without files. */
const cutManifest = (key: string, details: object) => ({
  formatVersion: 1 as const,
  kind: 'sequences' as const,
  key,
  madeBy: { stage: 'cutSequences', version: 1, settings: {} },
  inputs: [reference('features')],
  files: [],
  rows: 1,
  details: {
    ...{ regions: ['PACW', 'ERCO'], sequenceLength: 720, stride: 24, horizon: 48, windows: { PACW: [0] } },
    ...{ train: { from: '2015-07', to: '2018' }, score: { from: '2019', to: '2019' } },
    ...details,
  },
});

describe('the stages of a search', () => {
  let root: string;
  let context: StageContext;
  let sequences: ArtifactReference;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'ringwatt-search-'));
    const home = await Home.open(root);
    const signal = new AbortController().signal;
    context = { home, config: loadConfig({ home: root }, {}), signal, progress() {}, log: silentLogger };
    sequences = await rollingSequences(context);
  });
  after(() => rm(root, { recursive: true, force: true }));

  const score = (settings: object, rest: object = {}) =>
    scoreTrial(
      context,
      scoreTrialInput.parse({
        ...{ forecaster: 'ridge', settings, share: 1, seed: 1, sequences, validation: SCORE },
        ...rest,
      }),
    );

  it('scores a trial on the validation hours, the mean over regions, once', async () => {
    const first = await score({});
    const [own, mean] = [Object.values(first.byRegion), first.mape];
    assert.deepEqual(Object.keys(first.byRegion), ['PACW', 'MISO']);
    assert.ok(Math.abs(mean - (own[0]! + own[1]!) / 2) < 1e-9);
    // The wobble that nobody could know is a percent in the mean; the base alone errs by the day's swing.
    assert.ok(mean > 0.5 && mean < 8, String(mean));
    assert.deepEqual(await score({}), { ...first, reused: true });
    assert.notEqual((await score({}, { share: 0.3 })).dataset.uri, first.dataset.uri);
    const { rows } = await readManifest(context.home, first.dataset, 'search');
    assert.equal(rows, 2 * 19 * 24, 'whole local days inside the period');
  });

  it('scores a region by what was fitted on the others', async () => {
    const { byRegion } = await score({}, { heldOut: 'MISO' });
    assert.deepEqual(Object.keys(byRegion), ['MISO']);
    assert.ok(byRegion['MISO']! < 20);
  });

  it('refuses settings that are none, and a period without hours', async () => {
    await assert.rejects(score({ halflifeDays: 3 }), BadInputError);
    await assert.rejects(score({}, { validation: { from: '2024', to: '2024' } }), MissingDataError);
  });

  it('writes a leaderboard and weighs the best; without any score it says why', async () => {
    const trials: TrialSettings[] = [{}, { halfLifeDays: 20 }, { halfLifeDays: 90 }];
    const runs: TrialRun[] = [];
    for (const [i, settings] of trials.entries()) {
      const trial: SearchTrial = { id: `t0${i + 1}`, forecaster: 'ridge', settings };
      const scored = await score(settings);
      const outcome = { state: 'scored' as const, score: scored, model: null, seconds: i, reason: null };
      runs.push({ trial, rung: 0, share: 1, ...outcome });
    }
    const plan = await planned({ sequences: await cut('00000000000000aa') });
    const finish = { name: 'day-ahead', plan: { ...plan, sequences }, runs, crossRegion: [], ensembleTop: 2 };
    const result = await finishSearch(context, { ...finish, ending: 'all rungs done' });
    assert.deepEqual(
      result.ensemble!.members,
      result.leaderboard.slice(0, 2).map(({ id }) => id),
    );
    assert.equal(result.best.place, 1);
    const again = await finishSearch(context, {
      ...finish,
      ending: 'all rungs done',
      runs: runs.map((run) => ({ ...run, seconds: 99 })),
    });
    assert.deepEqual([again.reused, again.dataset], [true, result.dataset], 'time decides nothing');
    const { files } = await readManifest(context.home, result.dataset, 'search');
    const document = JSON.parse((await readArtifact(context.home, files[0]!)).toString('utf8'));
    assert.equal(document.leaderboard.length, 3);
    const failed = runs.map((run) => ({ ...run, state: 'failed' as const, score: null, reason: 'No room.' }));
    await assert.rejects(
      finishSearch(context, { ...finish, runs: failed, ending: 'all rungs done' }),
      /No trial came to a score; the first that failed \(t01\): No room\./,
    );
  });

  it('plans on the newest sequences that a person would train on, never on those of a search', async () => {
    const home = await Home.open(join(root, 'planning'));
    const newest = await writeManifest(home, cutManifest('00000000000000bb', {}));
    await writeManifest(home, cutManifest('00000000000000cc', { purpose: 'search' }));
    const plan = await planSearch({ ...context, home }, searchInput.parse({}));
    assert.equal(plan.sequences.uri, newest.uri);
    assert.deepEqual(plan.validation, { from: '2018-01-01', to: '2018' });
    assert.deepEqual(plan.train, { from: '2015-07', to: '2017-12-31' });
    assert.deepEqual([plan.cut.regions, plan.cut.stride], [['PACW', 'ERCO'], 24]);
    assert.deepEqual(plan.features, reference('features'));
    assert.equal(
      plan.brackets.reduce((sum, { trials }) => sum + trials.length, 0),
      9,
    );
    const empty = await Home.open(join(root, 'empty'));
    await assert.rejects(planSearch({ ...context, home: empty }, searchInput.parse({})), MissingDataError);
  });

  const cut = (key: string) => writeManifest(context.home, cutManifest(key, {}));
  const planned = (input: object) => planSearch(context, searchInput.parse(input));
});
