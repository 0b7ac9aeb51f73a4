import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { fitForecasterInput } from '../../src/contracts/forecasters.ts';
import { backtestInput } from '../../src/contracts/stages.ts';
import { backtest } from '../../src/backtest/stage.ts';
import type { RollingDocument } from '../../src/backtest/rolling/document.ts';
import { issuesOf, MEDIAN, QUANTILES } from '../../src/day-ahead/issue-table.ts';
import { issueDetailsOf, readIssueTable } from '../../src/day-ahead/read.ts';
import { loadForecaster } from '../../src/forecasters/index.ts';
import { openForecaster } from '../../src/forecasters/open.ts';
import { fitForecaster } from '../../src/forecasters/stage.ts';
import { onceByKey, readArtifact, readManifest, writeContent } from '../../src/lake/artifacts.ts';
import { encodeSafetensors } from '../../src/lake/safetensors.ts';
import { modelConfig } from '../../src/model/config.ts';
import { initialWeights, layoutOf } from '../../src/model/parameters.ts';
import { randomOf } from '../../src/model/random.ts';
import { namedTensors } from '../../src/model/weights.ts';
import type { ModelCard } from '../../src/registry/card.ts';
import { readVersion, registerModel } from '../../src/registry/stage.ts';
import { columnsOf } from '../../src/sequences/issue-scaling.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { withHome } from '../backtest/sample-home.ts';
import { REGION, trainedHome } from '../backtest/trained-home.ts';

const QUICK = { trees: { trees: 8, leaves: 4, learningRate: 0.3 }, validationDays: 14 };

/** A network with an issue head whose weights are random, in the training that `trainedHome` wrote. */
async function withIssueHead(
  { home }: StageContext,
  { model, sequences }: { model: ArtifactReference; sequences: ArtifactReference },
): Promise<ArtifactReference> {
  const training = await readManifest(home, model, 'training');
  const { columns, horizon } = issueDetailsOf(await readManifest(home, sequences, 'sequences'));
  const { own, day } = columnsOf(columns);
  const names = (these: typeof own) => these.map(({ name }) => name);
  const head = { columns: names(own), dayColumns: names(day), hidden: 8, scale: 0.02 };
  const config = {
    ...(training.details['model'] as object),
    issueHead: { ...head, horizon, quantiles: [...QUANTILES] },
  };
  const layout = layoutOf(modelConfig.parse(config));
  const weights = initialWeights(layout, randomOf('start'));
  const work = { kind: 'training' as const, stage: 'ring-training', version: 1, settings: { head: true } };
  const { reference } = await onceByKey(home, { ...work, inputs: [sequences] }, async (key) => {
    const tensors = encodeSafetensors(namedTensors(weights, layout), {});
    const file = await writeContent(home, `training/${key}`, 'safetensors', tensors);
    return {
      files: [{ ...file, role: 'weights' }, ...training.files.filter(({ role }) => role !== 'weights')],
      rows: 1,
      details: { ...training.details, model: config },
    };
  });
  return reference;
}

const ask = (input: object) => fitForecasterInput.parse({ ...QUICK, ...input });

describe('fitForecaster', () => {
  let context: StageContext;
  let sample: Awaited<ReturnType<typeof trainedHome>>;
  // One home for all: making it takes longer than all that is asked of it here.
  const over = Promise.withResolvers<void>();
  let kept: Promise<void>;
  before(async function () {
    const ready = Promise.withResolvers<void>();
    kept = withHome(async (opened) => {
      context = opened;
      sample = await trainedHome(context);
      ready.resolve();
      await over.promise;
    });
    await Promise.race([ready.promise, kept]);
  });
  after(async () => {
    over.resolve();
    await kept;
  });

  it('fits once, from a sequences dataset to a manifest that answers for its issues', async () => {
    const { sequences } = sample;
    const input = ask({ sequences, members: ['climatology', 'trees', 'operator'] });
    const made = await fitForecaster(context, input);
    assert.equal(made.reused, false);
    assert.ok(Number(made.facts['PACW validation MAPE %']) < 5);
    assert.match(String(made.facts['PACW weights']), /trees|operator/);
    const { fitted, issues } = await loadForecaster(context.home, made.dataset);
    assert.equal(issues.operator, true);
    const cut = await readManifest(context.home, sequences, 'sequences');
    const whole = await readIssueTable(context.home, cut, REGION);
    const table = issuesOf(whole, { from: 60, to: 70 });
    const values = await fitted.predict(table);
    assert.ok(table.base.every((base, cell) => !(base > 0) || values[cell * QUANTILES.length + MEDIAN]! > 0));
    assert.ok(fitted.details.knownBy < table.issuedAt[9]!, 'nothing of the scored period is learnt');

    const again = await fitForecaster(context, input);
    assert.deepEqual([again.dataset, again.reused], [made.dataset, true]);
    // A lost file is made again, with the very same bytes.
    const [file] = (await readManifest(context.home, made.dataset)).files;
    await rm(context.home.pathOf(file!));
    const repaired = await fitForecaster(context, input);
    assert.deepEqual([repaired.dataset, repaired.reused], [made.dataset, false]);
  });

  it('weighs the network that was trained, is backtested beside its members, and becomes a version with a card', async () => {
    const { home } = context;
    const { sequences } = sample;
    const training = await withIssueHead(context, sample);
    const trained = ask({ sequences, training, members: ['trees', 'transformer'] });
    await assert.rejects(fitForecaster(context, trained), /trained on nearly all/);
    const { dataset } = await fitForecaster(context, { ...trained, through: '2019-03-16' });
    const { ensemble } = (await readManifest(home, dataset)).details as unknown as {
      ensemble: { validation: { from: number }; scores: Record<string, { members: object }> };
    };
    assert.ok(
      ensemble.validation.from >= Date.UTC(2019, 2, 1) / 1000,
      'the network saw January and February',
    );
    assert.deepEqual(Object.keys(ensemble.scores['PACW']!.members).sort(), ['transformer', 'trees']);

    const scored = backtestInput.parse({
      model: dataset,
      sequences,
      score: { from: '2019-03-18', to: '2019-03-28' },
    });
    await assert.rejects(
      backtest(context, { ...scored, score: { from: '2019-03-10', to: '2019-03-28' } }),
      /overlaps the training period/,
    );
    const tested = await backtest(context, scored);
    assert.ok(tested.scores[0]!.mape['model']! < 6);
    const { files } = await readManifest(home, tested.dataset, 'backtest');
    const document = JSON.parse(
      (
        await readArtifact(
          home,
          files.find(({ role }) => role === 'scores')!,
        )
      ).toString(),
    ) as RollingDocument;
    const { mape, intervals } = document.regions[0]!.same;
    assert.ok(mape['trees']! > 0 && intervals.length === 2);

    const made = await registerModel(context, {
      name: 'day-ahead',
      model: dataset,
      backtest: tested.dataset,
    });
    const version = await readVersion(context, made);
    const { lineage, metrics } = version.record;
    assert.deepEqual([lineage.forecaster, lineage.training], [dataset, training]);
    assert.deepEqual(metrics, tested.scores);
    const copy = await openForecaster(home, version.forecaster!, sequences, version.model);
    await using _open = copy;
    assert.deepEqual(
      copy.fitted.save(),
      await openForecaster(home, dataset, sequences).then(async (own) => {
        await using opened = own;
        return opened.fitted.save();
      }),
    );
    const card = JSON.parse(await readFile(home.path('models/day-ahead/1/card.json'), 'utf8')) as ModelCard;
    assert.equal(card.scores[0]!.mape['model'], mape['model']);
    for (const name of ['operator', 'latestKnown', 'persistence48', 'persistence168', 'trees']) {
      assert.ok(card.scores[0]!.mape[name]! > 0, name);
    }
    const text = await readFile(home.path('models/day-ahead/1/card.md'), 'utf8');
    for (const part of [/EIA-930/, /CC BY 4\.0/, /80 % interval/, /persistence168/, /## Limits/]) {
      assert.match(text, part);
    }
    const again = await registerModel(context, {
      name: 'day-ahead',
      model: dataset,
      backtest: tested.dataset,
    });
    assert.deepEqual([again.version, again.reused], [1, true]);
  });

  it('refuses a training of other sequences, a transformer without a training, and stops when told to', async () => {
    const { sequences, model, features } = sample;
    assert.throws(() => ask({ sequences, members: ['transformer'] }), /only with the training manifest/);
    assert.throws(() => ask({ sequences, members: ['ridge', 'ridge'] }), /one stands in it twice/);
    await assert.rejects(fitForecaster(context, ask({ sequences, training: model })), /without issue tables/);
    await assert.rejects(fitForecaster(context, ask({ sequences: features })), /not sequences/);
    const stopped = { ...context, signal: AbortSignal.abort(new Error('enough')) };
    await assert.rejects(fitForecaster(stopped, ask({ sequences, members: ['trees'] })), /enough/);
    const early = ask({ sequences, members: ['trees'], through: '2018-12' });
    await assert.rejects(fitForecaster(context, early), /PACW has no issue in the training period/);
  });
});
