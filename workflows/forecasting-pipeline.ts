import { proxyActivities, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { EntityActivities } from '../activities/entities.ts';
import type { RegistryActivities } from '../activities/registry.ts';
import type { StageActivities } from '../activities/stages.ts';
import { pipelineInput, type PipelineResult } from '../src/contracts/pipeline.ts';
import { parseInput } from '../src/temporal/input.ts';
import { pipelineProgressQuery } from '../src/temporal/messages.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import { modelAttribute, regionsAttribute, ringSizeAttribute } from '../src/temporal/search-attributes.ts';
import * as facts from './pipeline-facts.ts';
import { PipelineChildren } from './pipeline-children.ts';
import { decidePromotion } from './promotion-decision.ts';
import { RunControl } from './run-control.ts';
import { StageBoard, type StageOutcome } from './stage-board.ts';

const stages = proxyActivities<StageActivities>({
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

const { readRival } = proxyActivities<RegistryActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

/** The main job: from the grid's hourly record to a registered, promoted forecaster and a report of it. */
export async function forecastingPipelineWorkflow(raw?: unknown): Promise<PipelineResult> {
  const input = parseInput(pipelineInput, raw, WORKFLOWS.forecastingPipeline);
  const { model: name, regions, score, training } = input;
  const board = new StageBoard(name);
  const control = new RunControl();
  const children = new PipelineChildren(control);
  control.listen(() => board.describe(control.paused));
  setHandler(pipelineProgressQuery, () => board.progress(), {
    description: 'Stage, percent, and every stage with its state, time and facts',
  });
  upsertSearchAttributes([
    { key: modelAttribute, value: name },
    { key: regionsAttribute, value: regions },
    { key: ringSizeAttribute, value: training.ringSize },
  ]);
  board.describe(control.paused);

  const grid = await stage('ingest', () => children.ingest(input).then(facts.ofIngestion));
  const valid = await stage('validate', () =>
    stages.validateSeries({ dataset: grid.dataset, regions }).then(facts.ofStage),
  );
  const features = await stage('features', () =>
    stages.engineerFeatures({ dataset: valid.dataset }).then(facts.ofStage),
  );
  const sequences = await stage('sequences', () =>
    stages.cutSequences({ dataset: features.dataset, ...facts.sequenceSettings(input) }).then(facts.ofStage),
  );
  const trained = await stage('train', () =>
    children.train({ sequences: sequences.dataset, settings: training }).then(facts.ofTraining),
  );
  const tested = await stage('backtest', () =>
    stages
      .backtestModel({ model: trained.model, sequences: sequences.dataset, score })
      .then(facts.ofBacktest),
  );
  const registered = await stage('register', () => register(tested.dataset).then(facts.ofRegistration));
  const promotion = await stage('promote', promote);
  const { report } = await stage('report', () =>
    stages
      .writeReport({
        grid: grid.dataset,
        validated: valid.dataset,
        features: features.dataset,
        sequences: sequences.dataset,
        model: trained.model,
        backtest: tested.dataset,
        name,
        version: registered.version,
      })
      .then(facts.ofReport),
  );
  board.close(facts.closing(promotion.text, tested.scores, report));
  return {
    model: { name, version: registered.version, champion: promotion.champion, reused: registered.reused },
    promotion: promotion.text,
    scores: tested.scores,
    report,
    stages: board.stages(),
  };

  async function stage<Result>(
    which: Parameters<StageBoard['run']>[0],
    work: () => Promise<StageOutcome<Result>>,
  ): Promise<Result> {
    await control.whileNotPaused();
    return board.run(which, work);
  }

  async function register(backtest: typeof tested.dataset) {
    const result = await stages.registerModel({ name, model: trained.model, backtest });
    if (!result.reused) await announceVersion({ name, version: result.version });
    return result;
  }

  async function promote(): Promise<StageOutcome<facts.Promotion>> {
    const { version } = registered;
    const champion = await readRival({ name });
    if (champion?.version === version)
      return facts.ofPromotion(true, `Version ${version} is champion already.`, true);
    const compared = champion !== null && input.promote === 'if-better';
    const rival = compared
      ? {
          version: champion.version,
          scores: (
            await stages.backtestModel({ model: champion.model, sequences: champion.sequences, score })
          ).scores,
        }
      : null;
    const decision = decidePromotion(input.promote, tested.scores, rival);
    if (decision.promote) {
      const request = { version, by: WORKFLOWS.forecastingPipeline, reason: decision.reason };
      await promoteVersion({ name, request });
    }
    return facts.ofPromotion(decision.promote, decision.reason, false);
  }
}
