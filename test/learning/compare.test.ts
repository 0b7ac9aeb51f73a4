import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/config.ts';
import { Home } from '../../src/lake/home.ts';
import { compareInput, startInput, surveyInput } from '../../src/contracts/learning.ts';
import { sequencesInput } from '../../src/contracts/stages.ts';
import { cutSequences } from '../../src/sequences/stage.ts';
import { fitForecasterInput } from '../../src/contracts/forecasters.ts';
import { fromHourStamp } from '../../src/contracts/time.ts';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { backtest } from '../../src/backtest/stage.ts';
import { BadInputError, CorruptArtifactError } from '../../src/errors.ts';
import { fitForecaster } from '../../src/forecasters/stage.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { compareVersions } from '../../src/learning/compare-stage.ts';
import { planStart } from '../../src/learning/start-stage.ts';
import { surveyWindow } from '../../src/learning/survey-stage.ts';
import { appendHistory, readVersion, registerModel, writeChampion } from '../../src/registry/stage.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { REGION, shippedRows, trainedHome, writeGrid, writeModel } from '../backtest/trained-home.ts';

/** The network has learnt to the end of February, its fit from two weeks more. */
const SCORED = { from: '2019-03-15', to: '2019-03-31' };
const HOURS = { from: '2019-03-15T01', to: '2019-04-01T00' };
const AS_OF = '2019-04-02T00';
const fitting = (input: object) =>
  fitForecasterInput.parse({
    members: ['climatology', 'ridge-own', 'transformer'],
    validationDays: 14,
    ...input,
  });
const asked = (input: object) =>
  compareInput.parse({ name: 'day-ahead', versions: [1], ...HOURS, asOf: AS_OF, ...input });

describe('comparing versions', function () {
  let context: StageContext;
  let made: Awaited<ReturnType<typeof trainedHome>>;
  let fitted: ArtifactReference;
  let refitted: ArtifactReference;
  let scored: Awaited<ReturnType<typeof backtest>>;

  before(async () => {
    const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-test-')));
    const config = loadConfig({}, { environment: {} });
    context = { home, config, signal: new AbortController().signal, progress() {}, log: silentLogger };
    made = await trainedHome(context);
    const { sequences } = made;
    const training = await writeModel(context, sequences, { issueHead: true });
    const through = '2019-03-14';
    fitted = (await fitForecaster(context, fitting({ sequences, training, through }))).dataset;
    scored = await backtest(context, { model: fitted, sequences, score: SCORED, issueHourLocal: 10 });
    const again = fitting({ sequences, training, through: '2019-03-25', refitOf: fitted });
    refitted = (await fitForecaster(context, again)).dataset;
    const name = 'day-ahead';
    await registerModel(context, { name, model: fitted, backtest: scored.dataset });
    await registerModel(context, { name, model: refitted, backtest: scored.dataset });
  });

  after(() => rm(context.home.root, { recursive: true, force: true }));

  it('errs as the backtest says, on its hours', async () => {
    const found = await compareVersions(context, asked({}));
    const [{ mape, hours }] = scored.scores as [(typeof scored.scores)[0]];
    assert.equal(found.hours, hours);
    // The network reads its past from windows that begin elsewhere.
    assert.ok(Math.abs(found.mape[0]!.mape! / mape['model']! - 1) < 1e-3);
    for (const [here, there] of [
      [found.operatorMape, mape['operator']],
      [found.persistenceMape, mape['latestKnown']],
    ] as const)
      assert.ok(Math.abs(here! - there!) < 1e-6 * there!, `${here} where ${there} was scored`);
  });

  it('asks the fit before the last one for hours that the last one has learnt from', async () => {
    const found = await compareVersions(context, asked({ versions: [1, 2] }));
    assert.equal(found.from, HOURS.from);
    assert.equal(found.mape[1]!.mape, found.mape[0]!.mape);
    const later = await compareVersions(context, asked({ versions: [1, 2], from: '2019-03-26T01' }));
    assert.notEqual(later.mape[1]!.mape, later.mape[0]!.mape);
    const { record } = await readVersion(context, { name: 'day-ahead', version: 2 });
    assert.deepEqual(record.lineage.refitOf, fitted);
  });

  it('leaves out hours that a version has learnt from in any fit', async () => {
    const found = await compareVersions(context, asked({ from: '2019-03-04T01' }));
    assert.equal(found.from, HOURS.from);
    const none = await compareVersions(context, asked({ from: '2019-02-01T01', to: '2019-02-20T00' }));
    assert.deepEqual([none.hours, none.mape[0]!.mape], [0, null]);
  });

  it('sees nothing that became known later', async () => {
    const until = { asOf: '2019-03-27T02', to: '2019-03-26T00' };
    const rows = await shippedRows();
    const moment = fromHourStamp(until.asOf);
    const value = rows.value.map((mw, row) => (rows.availableAt[row]! > moment ? 3 * mw : mw));
    const garbled = await writeGrid(context, { ...rows, value }, 'garbled');
    const [clean, other] = [
      await compareVersions(context, asked({ ...until, grid: made.grid })),
      await compareVersions(context, asked({ ...until, grid: garbled })),
    ];
    assert.ok(clean.hours > 250);
    assert.deepEqual(other, clean);
  });

  it('registers a refit only with the backtest of what it is a refit of', async () => {
    const { sequences } = made;
    const alone = await fitForecaster(context, fitting({ sequences, members: ['climatology'] }));
    const foreign = { name: 'other', model: alone.dataset, backtest: scored.dataset };
    await assert.rejects(registerModel(context, foreign), CorruptArtifactError);
  });

  it('keeps the weights of what it is a refit of, and learns from the hours since', async () => {
    const details = async (reference: ArtifactReference) =>
      (await readManifest(context.home, reference, 'forecaster')).details['ensemble'] as {
        weights: object;
        knownBy: number;
      };
    const [before, after] = [await details(fitted), await details(refitted)];
    assert.deepEqual(after.weights, before.weights);
    assert.deepEqual(after.knownBy - before.knownBy, 11 * 86_400);
  });

  it('refuses regions that a version does not know, and versions that are not there', async () => {
    await assert.rejects(compareVersions(context, asked({ regions: ['CISO'] })), BadInputError);
    await assert.rejects(compareVersions(context, asked({ versions: [7] })), /no version 7/);
  });

  it('surveys the whole days whose every hour can be known, and counts what was known of them', async () => {
    const survey = (input: object) =>
      surveyWindow(
        context,
        surveyInput.parse({ grid: made.grid, regions: [REGION], windowDays: 10, ...input }),
      );
    const now = '2026-01-01T00';
    const found = await survey({ asOf: '2019-03-15T01', now });
    assert.deepEqual(found.window, { from: '2019-03-05', to: '2019-03-14' });
    assert.deepEqual(found.samples, { [REGION]: 240 });
    const early = await survey({ asOf: '2019-03-15T00', now });
    assert.deepEqual(early.window.to, '2019-03-13');
    // A record at rest ends the window, not the clock that has moved on.
    const resting = await survey({ now });
    assert.equal(resting.asOf, '2019-04-03T01');
    assert.deepEqual((await survey({ now: '2019-03-20T05' })).asOf, '2019-03-20T05');
  });

  it('cuts sequences to go on training with, scaled as the ones before', async () => {
    const { home } = context;
    const role = async (dataset: ArtifactReference, name: string) =>
      (await readManifest(home, dataset, 'sequences')).files.find((file) => file.role === name)!;
    const { uri, sha256, bytes } = await role(made.sequences, 'normaliser');
    const later = {
      ...{ dataset: made.features, regions: [REGION], sequenceLength: 336, horizon: 48 },
      ...{ train: { from: '2019-01-15', to: '2019-03-14' }, score: SCORED },
      goOnWith: { uri, sha256, bytes },
    };
    const warm = await cutSequences(context, sequencesInput.parse(later));
    assert.equal((await role(warm.dataset, 'normaliser')).sha256, sha256);
    const { windows } = (await readManifest(home, warm.dataset, 'sequences')).details;
    assert.ok((windows as Record<string, number[]>)[REGION]!.length > 3);
    const { goOnWith: _, ...afresh } = later;
    const fresh = await cutSequences(context, sequencesInput.parse(afresh));
    assert.notEqual((await role(fresh.dataset, 'normaliser')).sha256, sha256);
    const without = { ...later, inputs: { operator: false } };
    await assert.rejects(cutSequences(context, sequencesInput.parse(without)), /of other columns/);
  });

  it('goes on from the champion only where the network is the same, and says why not', async () => {
    const plan = (input: object) =>
      planStart(context, startInput.parse({ name: 'day-ahead', regions: [REGION], settings: {}, ...input }));
    assert.match((await plan({})).why, /no champion/);
    const { sha256 } = await readVersion(context, { name: 'day-ahead', version: 2 });
    await writeChampion(context, {
      ...{
        name: 'day-ahead',
        generation: 1,
        version: 2,
        sha256,
        since: '2019-04-01T00:00:00Z',
        previous: [],
      },
    });
    const strange = await plan({ regions: ['CISO'] });
    assert.match(strange.why, /of PACW, not of CISO/);
    assert.deepEqual(strange.loses, ['PACW']);
    const other = await plan({});
    assert.deepEqual([other.champion, other.goOnFrom, other.loses, other.takenBack], [2, null, [], []]);
    assert.match(other.why, /of other sizes/);
    const event = { by: 'ada', identity: 'claimed' as const, from: 'cli', reason: 'worse on Mondays' };
    for (const told of [
      { ...event, at: '2019-03-01T09:00:00Z', kind: 'promoted' as const, version: 1, previous: null },
      { ...event, at: '2019-03-02T09:00:00Z', kind: 'rolled-back' as const, version: 2, previous: 1 },
    ])
      await appendHistory(context, { name: 'day-ahead', event: told });
    const says =
      'Version 1 was champion before and was rolled back to version 2 on 2019-03-02 by ada: worse on Mondays.';
    assert.deepEqual((await plan({})).takenBack, [{ version: 1, says }]);
    const again = {
      ...event,
      at: '2019-03-03T09:00:00Z',
      kind: 'promoted' as const,
      version: 1,
      previous: 2,
    };
    await appendHistory(context, { name: 'day-ahead', event: { ...again, from: 'deployment/day-ahead' } });
    assert.deepEqual((await plan({})).takenBack, []);
  });
});
