import {
  CancellationScope,
  isCancellation,
  patched,
  proxyActivities,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { DriftActivities } from '../activities/drift.ts';
import type { LearningActivities } from '../activities/learning.ts';
import type { DriftResult } from '../src/contracts/drift.ts';
import { learningInput, type LearningResult, type StartPlan } from '../src/contracts/learning.ts';
import type { PipelineResult } from '../src/contracts/pipeline.ts';
import { firstHourOf, lastHourOf, toHourStamp, type DateRange } from '../src/contracts/time.ts';
import { failureLine } from '../src/temporal/failures.ts';
import { parseInput } from '../src/temporal/input.ts';
import { learningStatusQuery } from '../src/temporal/messages.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import { modelAttribute, regionsAttribute } from '../src/temporal/search-attributes.ts';
import { besideOthers, judge, losingRegions } from './candidate-decision.ts';
import { settingsOf, trainCandidate, type Collected } from './candidate-training.ts';
import { recordEnding, type Ending } from './job-ending.ts';
import { handOver } from './hand-over.ts';
import { LearningBoard } from './learning-board.ts';
import { LearningClock } from './learning-clock.ts';
import { PATCHES } from './patches.ts';
import { asOfOfBackfill } from './scheduled-at.ts';
import { collectRecord } from './record-collection.ts';
import { shortened } from './refusals.ts';
import type { StageOutcome } from './stage-table.ts';

const { surveyWindow, planStart, compareVersions } = proxyActivities<LearningActivities>({
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

const { checkDrift } = proxyActivities<DriftActivities>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 3 },
});

/** As much as a deployment takes. */
const REASON_KEPT = 1000;

/**
 * Keeps a model fresh: collects what is new, looks for drift, trains, holds the candidate against the champion on the
 * same hours, and hands it to its deployment. However it ends, the ledger says why.
 */
export async function continuousLearningWorkflow(raw?: unknown): Promise<LearningResult> {
  const given = parseInput(learningInput, raw, WORKFLOWS.continuousLearning);
  const input = { ...given, asOf: given.asOf ?? asOfOfBackfill('retrain') };
  const { config } = input;
  const { model_name: name, regions } = config;
  const startedAt = new Date().toISOString();
  const clock = new LearningClock(input.asOf);
  const board = new LearningBoard(name, input.asOf);
  clock.listen();
  setHandler(learningStatusQuery, () => board.status(), {
    description: 'Its phases, and why it ended as it did',
  });
  upsertSearchAttributes([
    { key: modelAttribute, value: name },
    { key: regionsAttribute, value: regions },
  ]);
  board.describe(false);
  const job = { model: name, job: 'retrain' as const, clock, startedAt };
  let candidate: number | null = null;
  try {
    return await end(await learn());
  } catch (error) {
    const reason = isCancellation(error) ? 'It was cancelled.' : failureLine(error);
    await CancellationScope.nonCancellable(() =>
      end({ outcome: 'failed', reason, version: candidate, facts: { phase: board.failed } }),
    );
    throw error;
  }

  async function learn(): Promise<Ending & { deployment?: string }> {
    const collected = await board.run('collect', collect);
    board.standFor(collected.asOf);
    const samples = Object.values(collected.samples).reduce((sum, hours) => sum + hours, 0);
    const { window } = collected;
    if (samples < config.min_samples_threshold) {
      return skipped(
        `Too few samples: ${samples} hours of demand from ${window.from} to ${window.to}, where ${config.min_samples_threshold} are asked for.`,
      );
    }
    const plan = await planStart({ name, regions, settings: settingsOf(config) });
    const { champion, loses = [], takenBack = [] } = plan;
    if (loses.length > 0 && patched(PATCHES.championsRegionsAreKept)) {
      return skipped(
        `The champion, version ${champion}, also forecasts ${loses.join(', ')}: name ${loses.length > 1 ? 'them' : 'it'} in \`regions\`, or give this configuration a \`model_name\` of its own.`,
      );
    }
    const drift = await board.run('drift', () => lookForDrift(collected, plan));
    if (config.retrain === 'on-drift' && drift && !drift.drifted) {
      return skipped(`No drift from ${window.from} to ${window.to}, and the model is trained on drift only.`);
    }
    const trained = await board.run('train', () => trainCandidate(config, collected, plan));
    const { version } = trained.model;
    candidate = version;
    if (version === plan.champion) {
      return {
        ...skipped(`There is nothing new to learn: what was trained is the champion, version ${version}.`),
        version,
      };
    }
    const verdict = await board.run('validate', () => validate(trained, collected, plan.champion));
    const before = takenBack.find((each) => each.version === version)?.says;
    const reason = shortened(before ? `${before} ${verdict.reason}` : verdict.reason, REASON_KEPT);
    if (!verdict.good) return { outcome: 'refused', version, reason, facts: verdict.facts };
    if (before && config.auto_deploy && patched(PATCHES.takenBackIsNotDeployed)) {
      const cure = `It is not deployed again by itself: \`promote ${name} ${version}\` does. ${verdict.reason}`;
      return { ...skipped(`${before} ${cure}`), version, facts: verdict.facts };
    }
    const deployment = await board.run('deploy', async () => {
      // What a backfill of some past week makes is deployed today: nobody moves a clock for it.
      const asOf = given.asOf && clock.stamp;
      const result = await handOver({ config, version, reason, ...(asOf && { asOf }) });
      return { result, reused: false, facts: { version, asOf: collected.asOf } };
    });
    return { outcome: 'done', version, reason, facts: verdict.facts, deployment };
  }

  async function end({
    deployment = null,
    ...ending
  }: Ending & { deployment?: string | null }): Promise<LearningResult> {
    const { outcome, reason, version } = ending;
    const result = { outcome, reason, version, deployment };
    board.close(result);
    await recordEnding(job, ending);
    return result;
  }

  function skipped(reason: string): Ending {
    return { outcome: 'skipped', reason, version: null };
  }

  async function collect(): Promise<StageOutcome<Collected>> {
    const { dataset: grid, pages, pagesReused } = await collectRecord(regions, input.collectMinutes);
    const surveyed = await surveyWindow({
      ...{ grid, regions, windowDays: config.data_window_days },
      ...{ asOf: input.asOf, now: clock.stamp },
    });
    const { window, samples } = surveyed;
    return {
      result: { ...surveyed, grid },
      reused: pages === pagesReused,
      facts: { window: spelled(window), ...samples },
    };
  }

  /** Without a champion there is nothing that could have drifted. Where every run trains, drift is only to be known. */
  async function lookForDrift(
    { asOf, grid }: Collected,
    { champion }: StartPlan,
  ): Promise<StageOutcome<DriftResult | null>> {
    if (champion === null) return { result: null, reused: false, facts: { champion: 'none' } };
    try {
      const result = await checkDrift({
        ...{ name, version: champion, regions, asOf, grid },
        windowDays: config.data_window_days,
        thresholds: config.drift_thresholds,
      });
      const what = result.findings.map((finding) => finding.what).slice(0, 3);
      return {
        result,
        reused: result.reused,
        facts: { drifted: result.drifted, what: what.join('; ') || null },
      };
    } catch (error) {
      if (isCancellation(error) || config.retrain === 'on-drift') throw error;
      return { result: null, reused: false, facts: { unknown: failureLine(error) } };
    }
  }

  async function validate(
    trained: PipelineResult,
    { window, asOf, grid }: Collected,
    champion: number | null,
  ) {
    const { version } = trained.model;
    const verdict = await decide();
    return { result: verdict, reused: false, facts: { good: verdict.good, ...verdict.facts } };

    async function decide(): Promise<Omit<Ending, 'outcome' | 'version'> & { good: boolean }> {
      const losing = losingRegions(trained.scores);
      if (losing.length > 0) {
        return {
          good: false,
          reason: `Version ${version} is not deployed: a persistence is better in ${losing.join(', ')}.`,
        };
      }
      if (champion === null) {
        return {
          good: true,
          reason: `Version ${version} beats every persistence in every region, and there is no champion.`,
        };
      }
      const found = await compareVersions({
        ...{ name, versions: [champion, version], regions, grid, asOf },
        from: toHourStamp(firstHourOf(window.from)),
        to: toHourStamp(lastHourOf(window.to)),
      });
      const verdict = judge(found, [version, champion], {
        threshold: config.performance_threshold,
        regions: regions.length,
      });
      if (verdict) return besideOthers(verdict, found);
      return {
        good: false,
        reason: `Version ${version} is not deployed: there is no hour from ${window.from} to ${window.to} that neither it nor the champion, version ${champion}, has learnt from.`,
      };
    }
  }
}

const spelled = ({ from, to }: DateRange) => `${from} to ${to}`;
