import {
  proxyActivities,
  setHandler,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { EntityActivities } from '../activities/entities.ts';
import type { SeriesActivities } from '../activities/series.ts';
import {
  seriesPipelineInput,
  type SeriesArchitecture,
  type SeriesPipelineResult,
} from '../src/contracts/series.ts';
import { trainingExtent } from '../src/contracts/training-extent.ts';
import type { SegmentProgress } from '../src/contracts/training.ts';
import { parseInput } from '../src/temporal/input.ts';
import { seriesProgressQuery, trainingNewsSignal } from '../src/temporal/messages.ts';
import { WORKFLOWS, workflowIds } from '../src/temporal/names.ts';
import { modelAttribute } from '../src/temporal/search-attributes.ts';
import { ofTraining } from './pipeline-facts.ts';
import { whenFree } from './pipeline-children.ts';
import { ringTrainingWorkflow } from './ring-training.ts';
import { RunControl } from './run-control.ts';
import { SeriesBoard } from './series-board.ts';
import type { StageOutcome } from './stage-table.ts';
import { decideSeriesPromotion } from './series-promotion.ts';
import { trainingNote } from './training-details.ts';

const stages = proxyActivities<SeriesActivities>({
  // Each stage does its work once and is named by what made it: a second attempt is cheap where the first got far.
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

const { announceVersion, promoteVersion } = proxyActivities<EntityActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

/** From a person's CSV file to a registered, promoted forecaster of their series. */
export async function seriesPipelineWorkflow(raw?: unknown): Promise<SeriesPipelineResult> {
  const input = parseInput(seriesPipelineInput, raw, WORKFLOWS.seriesPipeline);
  const { model: name, architectures, training } = input;
  const board = new SeriesBoard(name);
  const control = new RunControl();
  control.listen(() => board.describe(control.paused));
  setHandler(seriesProgressQuery, () => board.progress(), {
    description: 'Stage, and every stage with its state, time and facts',
  });
  const hearTraining = (news: SegmentProgress) => {
    const { bySteps, byBudget } = trainingExtent(news);
    board.hear('train', Math.max(bySteps, byBudget), trainingNote(news));
  };
  setHandler(trainingNewsSignal, hearTraining, {
    description: 'How far the training is; sent by its slots',
  });
  upsertSearchAttributes([{ key: modelAttribute, value: name }]);
  board.describe(control.paused);

  const { csv, time, targets, covariates, frequency, maxGap } = input;
  const read = await stage('read', async () =>
    stages.readCsvSeries({ csv, time, targets, covariates, frequency, maxGap }).then(ofStage),
  );
  const { horizon, context, split } = input;
  const plan = { series: read.dataset, horizon, context, split };
  const sequences = await when('transformer', 'cut', () => stages.cutSeries(plan).then(ofStage));
  const trained = sequences && (await stage('train', () => train(sequences.dataset)));
  if (!trained) board.skip('train');
  const fitted = await when('linear', 'fit', () => stages.fitSeries(plan).then(ofStage));
  const tested = await stage('backtest', async () => {
    const result = await stages.backtestSeries({
      ...plan,
      linear: fitted?.dataset,
      transformer: trained?.model,
      sequences: sequences?.dataset,
    });
    return { result, reused: result.reused, facts: factsOfBacktest(result) };
  });
  const registered = await stage('register', register);
  const promotion = await stage('promote', promote);
  board.close(promotion.text, tested);
  return {
    model: { name, version: registered.version, champion: promotion.champion, reused: registered.reused },
    promotion: promotion.text,
    backtest: tested,
    stages: board.stages(),
  };

  async function stage<Result>(
    which: Parameters<SeriesBoard['run']>[0],
    work: () => Promise<StageOutcome<Result>>,
  ): Promise<Result> {
    await control.whileNotPaused();
    return board.run(which, work);
  }

  async function when<Result>(
    architecture: SeriesArchitecture,
    which: Parameters<SeriesBoard['run']>[0],
    work: () => Promise<StageOutcome<Result>>,
  ): Promise<Result | undefined> {
    if (architectures.includes(architecture)) return stage(which, work);
    board.skip(which);
    return undefined;
  }

  async function train(sequencesToTrainOn: typeof read.dataset) {
    // A job of before that was cancelled may still have its training putting itself away.
    const child = await whenFree(() =>
      startChild(ringTrainingWorkflow, {
        workflowId: workflowIds.ringTraining(workflowInfo().workflowId),
        args: [{ sequences: sequencesToTrainOn, settings: training }],
        staticSummary: 'Ring training',
      }),
    );
    return ofTraining(await control.withChild(child, child.result()));
  }

  async function register() {
    const result = await stages.registerSeries({ name, backtest: tested.dataset });
    if (!result.reused) await announceVersion({ name, version: result.version });
    return { result, reused: result.reused, facts: { version: result.version } };
  }

  async function promote() {
    const { version } = registered;
    const rival = await stages.readSeriesRival({ name });
    if (rival?.version === version) {
      const text = `Version ${version} is champion already.`;
      return { result: { champion: true, text }, reused: true, facts: { decision: text } };
    }
    const decision = decideSeriesPromotion(input.promote, tested, plan, rival);
    if (decision.promote) {
      const request = { version, by: WORKFLOWS.seriesPipeline, reason: decision.reason };
      await promoteVersion({ name, request });
    }
    const result = { champion: decision.promote, text: decision.reason };
    return { result, reused: false, facts: { decision: decision.reason } };
  }
}

const ofStage = <Result extends { reused: boolean; facts: StageOutcome<Result>['facts'] }>(
  result: Result,
): StageOutcome<Result> => ({ result, reused: result.reused, facts: result.facts });

function factsOfBacktest({ chosen, scores, windows, coverage }: SeriesPipelineResult['backtest']) {
  const best = scores.find(({ forecaster }) => forecaster === chosen)!;
  return {
    chosen,
    'test MSE': Number(best.test.mse.toFixed(4)),
    'test MAE': Number(best.test.mae.toFixed(4)),
    'test windows': windows.test,
    'intervals hold, %': Number((100 * coverage).toFixed(1)),
  };
}
