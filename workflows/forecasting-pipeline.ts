import { patched, proxyActivities, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { EntityActivities } from '../activities/entities.ts';
import type { RegistryActivities, RivalModel } from '../activities/registry.ts';
import type { StageActivities } from '../activities/stages.ts';
import type { ArtifactReference } from '../src/contracts/artifact.ts';
import type { IngestionOutcome } from '../src/contracts/ingestion.ts';
import { pipelineInput, type PipelineResult } from '../src/contracts/pipeline.ts';
import { BadInputError, MissingDataError } from '../src/errors.ts';
import type { SegmentProgress } from '../src/contracts/training.ts';
import { trainingExtent } from '../src/contracts/training-extent.ts';
import { failureLine, isFailureOf } from '../src/temporal/failures.ts';
import { parseInput } from '../src/temporal/input.ts';
import { pipelineProgressQuery, trainingNewsSignal } from '../src/temporal/messages.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import { modelAttribute, regionsAttribute, ringSizeAttribute } from '../src/temporal/search-attributes.ts';
import * as facts from './pipeline-facts.ts';
import { PipelineChildren } from './pipeline-children.ts';
import { PATCHES } from './patches.ts';
import { decidePromotion, type Rival } from './promotion-decision.ts';
import { rangesOf } from './rolling-ranges.ts';
import { RunControl } from './run-control.ts';
import { StageBoard } from './stage-board.ts';
import type { StageOutcome } from './stage-table.ts';
import { trainingNote } from './training-details.ts';

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

/** What these say no other attempt changes: the champion has no scores on those hours. */
const UNSCORABLE = [BadInputError, MissingDataError];

const { readRival } = proxyActivities<RegistryActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

/** The main job: from the grid's hourly record to a registered, promoted forecaster and a report of it. */
export async function forecastingPipelineWorkflow(raw?: unknown): Promise<PipelineResult> {
  const input = parseInput(pipelineInput, raw, WORKFLOWS.forecastingPipeline);
  const { model: name, regions, training } = input;
  const board = new StageBoard(name);
  const control = new RunControl();
  const children = new PipelineChildren(control);
  control.listen(() => board.describe(control.paused));
  setHandler(pipelineProgressQuery, () => board.progress(), {
    description: 'Stage, percent, and every stage with its state, time and facts',
  });
  const hearTraining = (news: SegmentProgress) => {
    const { bySteps, byBudget } = trainingExtent(news);
    board.hear('train', Math.max(bySteps, byBudget), trainingNote(news));
  };
  setHandler(trainingNewsSignal, hearTraining, {
    description: 'How far the training is; sent by its slots',
  });
  upsertSearchAttributes([
    { key: modelAttribute, value: name },
    { key: regionsAttribute, value: regions },
    { key: ringSizeAttribute, value: training.ringSize },
  ]);
  board.describe(control.paused);

  const { asOf } = input;
  const grid = await record();
  const ranges = rangesOf(input, grid);
  const { score } = ranges;
  // Runs from before go on without: what they have trained is registered as it is.
  const fitsForecasters = patched(PATCHES.forecastersAreFitted);
  if (!fitsForecasters) board.skip('fit');
  const valid = await stage('validate', () =>
    stages.validateSeries({ dataset: grid.dataset, regions, ...(asOf && { asOf }) }).then(facts.ofStage),
  );
  const features = await stage('features', () =>
    stages.engineerFeatures({ dataset: valid.dataset }).then(facts.ofStage),
  );
  const sequences = await stage('sequences', () =>
    stages
      .cutSequences({ dataset: features.dataset, ...facts.sequenceSettings(input, ranges, fitsForecasters) })
      .then(facts.ofStage)
      .then((outcome) => (input.rolling ? facts.ofRolling(outcome, ranges) : outcome)),
  );
  const trained = await stage('train', () =>
    children
      .train({ sequences: sequences.dataset, ...facts.startOf(input), settings: training })
      .then(facts.ofTraining),
  );
  const model = fitsForecasters ? (await stage('fit', fit)).dataset : trained.model;
  const tested = await stage('backtest', () =>
    stages.backtestModel({ model, sequences: sequences.dataset, score }).then(facts.ofBacktest),
  );
  const registered = await stage('register', () => register(tested.dataset).then(facts.ofRegistration));
  const promotion = await stage('promote', promote);
  const report = input.report ? (await stage('report', write)).report : null;
  if (!input.report) board.skip('report');
  board.close(facts.closing(promotion.text, tested.scores, report));
  return {
    model: { name, version: registered.version, champion: promotion.champion, reused: registered.reused },
    promotion: promotion.text,
    scores: tested.scores,
    scored: model,
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

  async function record(): Promise<{ dataset: ArtifactReference; account: IngestionOutcome['account'] }> {
    if (!input.grid) return stage('ingest', () => children.ingest(input).then(facts.ofIngestion));
    board.skip('ingest');
    return { dataset: input.grid, account: [] };
  }

  async function fit() {
    return facts.ofStage(await stages.fitForecaster(fitting(ranges.train.to)));
  }

  function fitting(through: string) {
    const { members } = input.fit;
    const joins = !members || members.includes('transformer');
    const { seed } = training;
    return {
      ...input.fit,
      ...{ sequences: sequences.dataset, through, seed },
      ...(joins ? { training: trained.model } : {}),
    };
  }

  /** What is put to use has learnt from the scored hours too; what was scored has not. */
  async function deployable() {
    if (!input.refit || !fitsForecasters) return model;
    const refit = await stages.fitForecaster({ ...fitting(score.to), refitOf: model });
    return refit.dataset;
  }

  async function register(backtest: typeof tested.dataset) {
    const result = await stages.registerModel({ name, model: await deployable(), backtest });
    if (!result.reused) await announceVersion({ name, version: result.version });
    return result;
  }

  async function write() {
    const result = await stages.writeReport({
      grid: grid.dataset,
      validated: valid.dataset,
      features: features.dataset,
      sequences: sequences.dataset,
      model: trained.model,
      ...(fitsForecasters ? { forecaster: model } : {}),
      backtest: tested.dataset,
      name,
      version: registered.version,
    });
    return facts.ofReport(result);
  }

  async function promote(): Promise<StageOutcome<facts.Promotion>> {
    const { version } = registered;
    const champion = await readRival({ name });
    if (champion?.version === version)
      return facts.ofPromotion(true, `Version ${version} is champion already.`, true);
    const compared = champion !== null && input.promote === 'if-better';
    const rival = compared ? await rivalOf(champion) : null;
    const decision = decidePromotion(input.promote, tested.scores, rival);
    if (decision.promote) {
      const request = { version, by: WORKFLOWS.forecastingPipeline, reason: decision.reason };
      await promoteVersion({ name, request });
    }
    return facts.ofPromotion(decision.promote, decision.reason, false);
  }

  /** The champion on the candidate's hours and record: its own may end before them. */
  async function rivalOf({ version, model, sequences: own }: RivalModel): Promise<Rival> {
    try {
      const asked = { model, sequences: own, features: features.dataset, score };
      return { version, scores: (await stages.backtestModel(asked)).scores };
    } catch (error) {
      if (!isFailureOf(error, ...UNSCORABLE)) throw error;
      return { version, scores: [], unscorable: failureLine(error) };
    }
  }
}
