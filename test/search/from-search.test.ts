import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { fitForecasterInput } from '../../src/contracts/forecasters.ts';
import { scoreTrialInput, searchInput, type SearchTrial, type TrialRun } from '../../src/contracts/search.ts';
import { backtestInput } from '../../src/contracts/stages.ts';
import { pipelineInputFor } from '../../src/cli/pipeline.ts';
import { backtest } from '../../src/backtest/stage.ts';
import { BadInputError } from '../../src/errors.ts';
import { forecasterDetailsOf } from '../../src/forecasters/load.ts';
import { openForecaster } from '../../src/forecasters/open.ts';
import { fitForecaster } from '../../src/forecasters/stage.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import type { ModelCard } from '../../src/registry/card.ts';
import { registerModel } from '../../src/registry/stage.ts';
import { finishSearch } from '../../src/search/finish-stage.ts';
import { planSearch } from '../../src/search/plan-stage.ts';
import { scoreTrial } from '../../src/search/score-stage.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { withHome } from '../backtest/sample-home.ts';
import { trainedHome } from '../backtest/trained-home.ts';
import { ringwatt, reasonOf } from '../cli/command.ts';

const VALIDATION = { from: '2019-02-08', to: '2019-02-28' };
const QUICK = { trees: { trees: 8, leaves: 4, learningRate: 0.3 }, validationDays: 14 };
const QUICK_TREES = { trees: 12, learningRate: 0.3, leastRows: 40 };

describe('what a search found', () => {
  let context: StageContext;
  let sequences: ArtifactReference;
  let search: ArtifactReference;
  let ofOneTrial: ArtifactReference;
  const over = Promise.withResolvers<void>();
  let kept: Promise<void>;
  before(async function () {
    const ready = Promise.withResolvers<void>();
    kept = withHome(async (opened) => {
      context = opened;
      ({ sequences } = await trainedHome(context));
      search = await searched();
      ready.resolve();
      await over.promise;
    });
    await Promise.race([ready.promise, kept]);
  });
  after(async () => {
    over.resolve();
    await kept;
  });

  /** Three trials and one of a network whose score is given, as the workflow would hand them over. */
  async function searched(): Promise<ArtifactReference> {
    const plan = await planSearch(
      context,
      searchInput.parse({
        sequences,
        validation: VALIDATION,
        training: { preset: 'default', dropout: 0.5 },
        maxSteps: 77,
      }),
    );
    const trials: SearchTrial[] = [
      { id: 't01', forecaster: 'ridge', settings: { halfLifeDays: 900 } },
      { id: 't02', forecaster: 'trees', settings: { ...QUICK_TREES, leaves: 3 } },
      { id: 't03', forecaster: 'trees', settings: { ...QUICK_TREES, leaves: 6 } },
    ];
    const runs: TrialRun[] = [];
    for (const trial of trials) {
      const { forecaster, settings } = trial;
      const score = await scoreTrial(
        context,
        scoreTrialInput.parse({
          ...{ forecaster, settings, share: 1, seed: 1, sequences, validation: VALIDATION },
        }),
      );
      ofOneTrial = score.dataset;
      runs.push({ trial, rung: 0, share: 1, state: 'scored', score, model: null, seconds: 1, reason: null });
    }
    const settings = { learningRate: 0.004, width: 48, sequenceLength: 336 };
    const trial: SearchTrial = { id: 't04', forecaster: 'transformer', settings };
    const score = { ...runs[0]!.score!, mape: 90 };
    runs.push({ ...runs[0]!, trial, score });
    const { dataset } = await finishSearch(context, {
      ...{ name: 'day-ahead', plan, runs, crossRegion: [], ending: 'all rungs done', ensembleTop: 3 },
    });
    return dataset;
  }

  const ask = (input: object) => fitForecasterInput.parse({ ...QUICK, sequences, ...input });
  const files = async (dataset: ArtifactReference) =>
    new Map((await readManifest(context.home, dataset)).files.map(({ role, sha256 }) => [role, sha256]));
  const through = { through: '2019-03-10' };

  it('is what a fit goes on from: its best settings, its further trials, once', async () => {
    const { home } = context;
    const made = await fitForecaster(context, ask({ search, ...through }));
    const manifest = await readManifest(home, made.dataset, 'forecaster');
    const { ensemble, search: summary } = forecasterDetailsOf(manifest);
    assert.ok(manifest.inputs.some(({ sha256 }) => sha256 === search.sha256));
    const tried = Object.keys(ensemble.scores['PACW']!.members);
    const further = tried.filter((name) => name.startsWith('trees-'));
    assert.deepEqual(tried, ['climatology', 'ridge', 'ridge-own', 'trees', ...further]);
    assert.equal(further.length, 1, 'the other trees of its ensemble');
    assert.deepEqual(summary!.validation, VALIDATION);
    assert.ok(Object.keys(summary!.members).every((name) => ensemble.members.includes(name)));
    assert.deepEqual((await fitForecaster(context, ask({ search, ...through }))).reused, true);

    // The same settings by hand are the same trees, to the byte; without the search they are others.
    const found = await fitForecaster(context, ask({ ...through, members: ['trees'], search }));
    const own = forecasterDetailsOf(await readManifest(home, found.dataset)).search!.members;
    const { trial, settings } = own['trees']!;
    assert.deepEqual([Object.keys(own), `trees-${trial}` === further[0]], [['trees'], false]);
    const byHand = await fitForecaster(context, ask({ ...through, members: ['trees'], trees: settings }));
    const plain = await fitForecaster(context, ask({ ...through, members: ['trees'] }));
    const [one, other, without] = await Promise.all([byHand, found, plain].map((fit) => files(fit.dataset)));
    assert.equal(one!.get('trees'), other!.get('trees'));
    assert.notEqual(one!.get('trees'), without!.get('trees'));
  });

  it('stands in the card of what was fitted with it, which loads and is scored like any other', async () => {
    const { home } = context;
    const { dataset } = await fitForecaster(context, ask({ search, ...through }));
    const scored = { model: dataset, sequences, score: { from: '2019-03-12', to: '2019-03-28' } };
    const tested = await backtest(context, backtestInput.parse(scored));
    assert.ok(tested.scores[0]!.mape['model']! < 8);
    await using opened = await openForecaster(home, dataset, sequences);
    assert.deepEqual(
      opened.fitted.members.map(({ name }) => name),
      opened.fitted.details.members,
    );
    const { version } = await registerModel(context, {
      ...{ name: 'day-ahead', model: dataset, backtest: tested.dataset },
    });
    const folder = home.path(`models/day-ahead/${version}`);
    const card = JSON.parse(await readFile(`${folder}/card.json`, 'utf8')) as ModelCard;
    assert.equal(card.search!.manifest, search.uri);
    assert.match(await readFile(`${folder}/card.md`, 'utf8'), /found by the search day-ahead on 2019-02-08/);
  });

  it('is refused where it knows of later hours, and where it is one trial alone', async () => {
    await assert.rejects(
      fitForecaster(context, ask({ search, through: '2019-02-20' })),
      /chose its settings on 2019-02-08 to 2019-02-28, later than the last day to learn from \(2019-02-20\)/,
    );
    await assert.rejects(
      fitForecaster(context, ask({ search: ofOneTrial })),
      /is one trial of a search, not its result/,
    );
  });

  it('is what a run trains its network with, but for what flags say', async () => {
    const { home } = context;
    const flags = { train: '2018-01..2019-02', score: '2019-03', fromSearch: true as const };
    const input = await pipelineInputFor(home, flags);
    assert.deepEqual([input.fit.search?.uri, input.sequenceLength], [search.uri, 336]);
    const { preset, learningRate, width, dropout, maxSteps, ringSize } = input.training;
    assert.deepEqual(
      { preset, learningRate, width, dropout, maxSteps, ringSize },
      { preset: 'default', learningRate: 0.004, width: 48, dropout: 0.5, maxSteps: 77, ringSize: 2 },
    );
    const given = await pipelineInputFor(home, { ...flags, width: 64, sequenceLength: 720 });
    assert.deepEqual([given.training.width, given.sequenceLength], [64, 720]);
    const early = pipelineInputFor(home, { ...flags, train: '2018-01..2019-01', score: '2019-02' });
    await assert.rejects(early, (error) => {
      assert.ok(error instanceof BadInputError);
      assert.match(error.message, /later than what is trained on \(to 2019-01\)/);
      return true;
    });
  });

  it('is named on the command line', async () => {
    const { home } = context;
    const fit = ['fit', '--home', home.root, '--members', 'ridge', '--validation-days', '14', '--json'];
    const { code, stdout, stderr } = await ringwatt([...fit, '--from-search', search.uri]);
    assert.equal(code, 0, stderr);
    const { dataset } = JSON.parse(stdout) as { dataset: ArtifactReference };
    const { madeBy, inputs } = await readManifest(home, dataset, 'forecaster');
    assert.ok(inputs.some(({ uri }) => uri === search.uri) && madeBy.settings);
    const wrong = await ringwatt([...fit, '--from-search', ofOneTrial.uri]);
    assert.match(reasonOf(wrong), /one trial of a search/);
  });
});
