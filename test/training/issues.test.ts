import assert from 'node:assert/strict';
import { startBackend } from '../../src/backend/backend.ts';
import { trainingSettings, type SegmentResult, type TrainingSettings } from '../../src/contracts/training.ts';
import { readIssueTable } from '../../src/day-ahead/read.ts';
import { firstIssueFrom, issuesOf, MEDIAN, QUANTILES } from '../../src/day-ahead/issue-table.ts';
import { DatasetSource, trainedNetwork } from '../../src/forecasters/trained-network.ts';
import { transformer } from '../../src/forecasters/transformer.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { sha256 } from '../../src/lake/canonical.ts';
import type { Home } from '../../src/lake/home.ts';
import { ISSUE } from '../../src/model/issue-parameters.ts';
import { layoutOf, viewOf } from '../../src/model/parameters.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import { dealPositions } from '../../src/sequences/ring-layout.ts';
import { noControls, type SegmentControls } from '../../src/training/controls.ts';
import { pinballLoss } from '../../src/training/issue-loss.ts';
import { lossOf } from '../../src/training/loss.ts';
import { readCheckpoint } from '../../src/training/recovery/checkpoint.ts';
import { solveRidge } from '../../src/training/ridge-path.ts';
import { trainSegment } from '../../src/training/segment.ts';
import { SequencesDataset } from '../../src/training/sequences-dataset.ts';
import { TrainingIssues } from '../../src/training/training-issues.ts';
import { fitIssueScaling } from '../../src/sequences/issue-scaling.ts';
import { resolveTraining } from '../../src/training/settings.ts';
import { finishTraining, planTraining } from '../../src/training/stage.ts';
import {
  contextOf,
  HOURS,
  ISSUE_DETAILS,
  LENGTH,
  segmentOf,
  smallHome,
  smallSettings,
} from './small-home.ts';

const withIssues = () => smallHome(LENGTH, HOURS, { issues: true });
const TWO = [0.1, 0.5];

const train = (
  home: Home,
  segment: ReturnType<typeof segmentOf>,
  worldSize: number,
  controls: SegmentControls = noControls,
): Promise<SegmentResult[]> =>
  onLocalRing(worldSize, (ring) =>
    trainSegment(home, { ...segment, epoch: 1, rank: ring.rank, worldSize, peers: [] }, ring, controls),
  );

async function weightsOf(home: Home, result: SegmentResult): Promise<Float32Array> {
  return (await readCheckpoint(home, result.checkpoint!)).optimizer.weights;
}

describe('the loss of issues', () => {
  const options = { quantiles: TWO, scale: 0.5, shortCost: 1 };
  const once = (targets: number[]) => new Float32Array(targets.length).fill(1);

  it('is the pinball loss, doubled, as the mean over the levels; what is masked does not count', () => {
    // Targets 2 and none, in units of 0.5: short by 1 at 0.1 and by 3 at 0.5.
    const targets = Float32Array.of(1, Number.NaN);
    const { sum, total, gradient } = pinballLoss(
      Float32Array.of(1, -1, 7, 7),
      targets,
      once([1, 1]),
      options,
    );
    assert.ok(Math.abs(sum - (0.1 * 1 + 0.5 * 3)) < 1e-6);
    assert.equal(total, 1);
    assert.deepEqual(
      [...gradient].map((g) => g.toFixed(3)),
      ['-0.100', '-0.500', '0.000', '0.000'],
    );
  });

  it('takes being short as so many times worse than being long, and leaves being long as it is', () => {
    const of = (outputs: number[], shortCost: number) =>
      pinballLoss(Float32Array.from(outputs), Float32Array.of(0), once([1]), { ...options, shortCost }).sum;
    assert.ok(Math.abs(of([-1, -1], 3) - 3 * of([-1, -1], 1)) < 1e-6);
    assert.equal(of([1, 1], 3), of([1, 1], 1));
  });

  it('counts hours of great demand so many times, and the hourly heads as much as it is told', async () => {
    const { home, sequences } = await withIssues();
    await using dataset = await SequencesDataset.open(home, sequences);
    const positions = dealPositions(LENGTH, 1, 'contiguous').positions[0]!;
    const share = await dataset.share(dataset.windows[1]!, positions);
    const issues = share.issues!;
    const config = {
      ...{ horizon: 30, outputScale: 0.05 },
      issueHead: { columns: ['a'], dayColumns: [], horizon: 24, hidden: 1, quantiles: TWO, scale: 0.02 },
    };
    const outputs = {
      hourly: new Float32Array(share.targets.length),
      issues: new Float32Array(issues.targets.length * 2),
    };
    const of = (settings: Partial<TrainingSettings>) =>
      lossOf(config, resolveTraining(trainingSettings.parse(settings)), outputs, share);
    const [plain, peaky, alone] = [
      of({}),
      of({ loss: { peakWeight: 3, shortCost: 1 } }),
      of({ hourlyWeight: 0 }),
    ];
    const inPeak = (cell: number) => issues.peaks[Math.floor(cell / 2)] === 1;
    peaky.gradient.issues.forEach((g, cell) =>
      assert.ok(Math.abs(g - (inPeak(cell) ? 3 : 1) * plain.gradient.issues[cell]!) < 1e-4),
    );
    assert.ok(issues.peaks.includes(1) && issues.peaks.includes(0));
    assert.ok(alone.gradient.hourly.every((g) => g === 0) && plain.gradient.hourly.some((g) => g !== 0));
    assert.deepEqual(alone.gradient.issues, plain.gradient.issues);
    assert.ok(alone.total < plain.total && plain.total < peaky.total);
  });
});

describe('training with issues', () => {
  before(startBackend);

  it('gives each rank the issues whose newest known hour is one of its tokens, and none twice', async () => {
    const { home, sequences } = await withIssues();
    await using dataset = await SequencesDataset.open(home, sequences);
    const window = dataset.windows[1]!;
    const all = await dataset.share(window, dealPositions(LENGTH, 1, 'contiguous').positions[0]!);
    // 90 hours from row 94 on, of which rows 105, 129, 153 and 177 are those of nine in the morning.
    assert.deepEqual([...all.issues!.tokens], [11, 35, 59, 83]);
    const deal = dealPositions(LENGTH, 3, 'zigzag').positions;
    const shares = await Promise.all(deal.map((positions) => dataset.share(window, positions)));
    const standing = shares.flatMap(({ issues }, rank) =>
      [...issues!.tokens].map((token) => deal[rank]![token]!),
    );
    assert.deepEqual(
      standing.toSorted((a, b) => a - b),
      [11, 35, 59, 83],
    );
    const count = shares.reduce((sum, { issues }) => sum + issues!.targets.length, 0);
    assert.equal(count, all.issues!.targets.length);
  });

  it('takes only issues all of whose hours lie in the training period, and masks hours without an outcome', async () => {
    const { home, sequences } = await withIssues();
    await using whole = await SequencesDataset.open(home, sequences);
    const table = await readIssueTable(home, await readManifest(home, sequences), 'ERCO');
    assert.equal(whole.issues[0]!.count, table.issuedAt.length);
    assert.ok(whole.issues[0]!.targets.some(Number.isNaN), 'the gap of five hours is not masked');
    const scaling = { ...ISSUE_DETAILS, regions: { ERCO: fitIssueScaling(table) } };
    const within = (to: string) =>
      new TrainingIssues(table, scaling, { train: { from: '2017-01', to }, first: 0, rows: 1 }).count;
    // The first issue is for 4 January.
    assert.deepEqual([within('2017-01-03'), within('2017-01-04'), within('2017-01-09')], [0, 1, 6]);
  });

  it('begins with the linear model that least squares finds', async () => {
    const rows = Float32Array.from({ length: 80 }, (_, i) => (i % 2 ? Math.sin(i) : Math.cos(3 * i)));
    const values = Float64Array.from({ length: 40 }, (_, i) => 2 * rows[2 * i]! - rows[2 * i + 1]! + 5);
    const { weights, intercept } = solveRidge(rows, values, 1e-9);
    [2, -1, 5].forEach((value, i) => assert.ok(Math.abs([...weights, intercept][i]! - value) < 1e-3));
    const constant = Float32Array.from({ length: 80 }, (_, i) => (i % 2 ? 1 : rows[i]!));
    assert.equal(solveRidge(constant, values, 0.1).weights[1], 0);
    assert.ok(Math.abs(solveRidge(rows, values, 1).weights[0]!) < 1.5, 'the penalty does nothing');
  });

  it('comes to the same weights with any ring size, and to the same bits when it is stopped in the middle', async () => {
    const { home, sequences } = await withIssues();
    const settings = smallSettings({ maxSteps: 3 });
    const weights: Float32Array[] = [];
    for (const worldSize of [1, 2, 3]) {
      const [result] = await train(
        home,
        segmentOf(sequences, settings, { runId: `of-${worldSize}` }),
        worldSize,
      );
      weights.push(await weightsOf(home, result!));
    }
    for (const other of weights.slice(1)) {
      const worst = other.reduce((max, w, i) => Math.max(max, Math.abs(w - weights[0]![i]!)), 0);
      // As for the hourly heads: Adam turns a rounding of a tiny gradient into a step's fraction.
      assert.ok(worst < 3e-4, `weights differ by ${worst}`);
    }
    let steps = 0;
    const stopping: SegmentControls = {
      ...noControls,
      stopRequested: () => steps >= 2,
      progress: ({ step }) => (steps = step),
    };
    const parts = segmentOf(sequences, settings, { runId: 'parts' });
    const [first] = await train(home, parts, 2, stopping);
    assert.equal(first!.step, 2);
    const [second] = await train(home, { ...parts, checkpoint: first!.checkpoint! }, 2);
    const hash = (values: Float32Array) => sha256(new Uint8Array(values.buffer));
    assert.equal(hash(await weightsOf(home, second!)), hash(weights[1]!));
  });

  it('learns from the trunk and the features, and answers as a forecaster, better than its base', async () => {
    const { home, sequences } = await smallHome(LENGTH, 2400, { issues: true });
    const settings = smallSettings({ maxSteps: 40, learningRate: 0.005, ringSize: 1 });
    const input = { sequences, settings, pool: 'default' };
    const { runId } = await planTraining(contextOf(home), input);
    const results = await train(home, segmentOf(sequences, settings, { runId }), 1);
    const checkpoint = results[0]!.checkpoint!;
    const { model } = await finishTraining(contextOf(home), { input, runId, checkpoint, results });
    const network = await trainedNetwork(home, model);
    const layout = layoutOf(network.model.config);
    const view = (name: string) => viewOf(network.model.weights, layout.byName.get(name)!);
    for (const name of [ISSUE.out, ISSUE.direct, ISSUE.directDay])
      assert.ok(
        view(name).some((w) => w !== 0),
        name,
      );

    const manifest = await readManifest(home, sequences);
    await using source = new DatasetSource(home, manifest);
    const table = await readIssueTable(home, manifest, 'MISO');
    const context = { seed: 1, signal: new AbortController().signal };
    const architecture = transformer(network, source);
    const asTrained = await architecture.fit({ tables: [table], knownBy: 0 }, context);
    const answers = await asTrained.predict(table);
    assert.deepEqual(asTrained.levels, [...QUANTILES]);
    const errorOf = (values: Float64Array, levels: number, at: number) => {
      const errors = [...table.actual.entries()]
        .filter(([, mw]) => !Number.isNaN(mw))
        .map(([cell, mw]) => Math.abs(values[cell * levels + at]! / mw - 1));
      return errors.reduce((sum, error) => sum + error, 0) / errors.length;
    };
    const levels = QUANTILES.length;
    answers.forEach((mw, i) => assert.ok(i % levels === 0 || mw >= answers[i - 1]!));
    assert.ok(errorOf(answers, levels, MEDIAN) < 0.9 * errorOf(table.base, 1, 0));

    // A refit sees what is known by then; saved and loaded it answers the same.
    const { trainedBy } = network;
    network.trainedBy = 0;
    const half = table.validAt[Math.floor(table.validAt.length / 2)]!;
    const refitted = await architecture.fit({ tables: [table], knownBy: half }, context);
    const [again, loaded] = [await refitted.predict(table), architecture.load(refitted.save())];
    assert.notDeepEqual(again, answers);
    assert.deepEqual(await loaded.predict(table), again);
    const garbled = {
      ...table,
      actual: table.actual.map((mw, cell) => (table.validAt[cell]! > half ? 9 * mw : mw)),
    };
    const blind = await architecture.fit({ tables: [garbled], knownBy: half }, context);
    assert.deepEqual(await blind.predict(table), again);
    network.trainedBy = trainedBy;

    // An issue by itself is answered as among others, but for the length of its window.
    const last = issuesOf(table, {
      from: firstIssueFrom(table, table.issuedAt.at(-1)!),
      to: table.issuedAt.length,
    });
    assert.ok((await asTrained.predict(last)).every(Number.isFinite));
  });
});
