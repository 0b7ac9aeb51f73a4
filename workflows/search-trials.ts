import { proxyActivities, startChild, workflowInfo } from '@temporalio/workflow';
import type { SearchActivities } from '../activities/search.ts';
import type { StageActivities } from '../activities/stages.ts';
import type { ArtifactReference } from '../src/contracts/artifact.ts';
import type { RegionCode } from '../src/contracts/regions.ts';
import type { SearchInput, SearchPlan, SearchTrial, TrialScore } from '../src/contracts/search.ts';
import { trainingSettings, type RingTrainingInput } from '../src/contracts/training.ts';
import { workflowIds } from '../src/temporal/names.ts';
import { whenFree } from './pipeline-children.ts';
import { ringTrainingWorkflow } from './ring-training.ts';
import type { RunControl } from './run-control.ts';

/** Steps alone end a trial's training: a rung's scores shall not depend on how fast the machine is. */
const NO_BUDGET_MINUTES = 10_080;

const { scoreTrial } = proxyActivities<SearchActivities>({
  startToCloseTimeout: '3 hours',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});
const { cutSequences } = proxyActivities<StageActivities>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

/** What is asked of one configuration. */
export interface Attempt {
  trial: SearchTrial;
  rung: number;
  share: number;
  heldOut?: RegionCode;
}

export interface Attempted {
  score: TrialScore;
  model: ArtifactReference | null;
}

/** Carries trials out: cuts their sequences, trains or fits them, and has them scored on the validation hours. */
export class SearchTrials {
  private readonly input: SearchInput;
  private readonly plan: SearchPlan;
  private readonly control: RunControl;
  /** By length and region left out: trials that are cut alike share a dataset. */
  private readonly cuts = new Map<string, Promise<ArtifactReference>>();

  constructor(input: SearchInput, plan: SearchPlan, control: RunControl) {
    this.input = input;
    this.plan = plan;
    this.control = control;
  }

  async attempt(attempt: Attempt): Promise<Attempted> {
    const { trial, share, heldOut } = attempt;
    const { forecaster, settings } = trial;
    const { validation } = this.plan;
    const { seed } = this.input.training;
    const { sequenceLength, ...own } = settings;
    const length = typeof sequenceLength === 'number' ? sequenceLength : this.plan.sequenceLength;
    const all = await this.cut(length);
    const scored = { forecaster, settings, share, seed, sequences: all, validation, heldOut };
    if (forecaster !== 'transformer') return { score: await scoreTrial(scored), model: null };
    const sequences = heldOut === undefined ? all : await this.cut(length, heldOut);
    const maxSteps = Math.max(1, Math.round(this.plan.maxSteps * share));
    const { model } = await this.train(attempt, {
      sequences,
      settings: trainingSettings.parse({
        ...this.input.training,
        ...own,
        maxSteps,
        budgetMinutes: NO_BUDGET_MINUTES,
      }),
      pool: this.input.pool,
    });
    return { score: await scoreTrial({ ...scored, model }), model };
  }

  private async train({ trial, rung, heldOut }: Attempt, input: RingTrainingInput) {
    const name = `${trial.id}-${heldOut ?? rung + 1}`;
    const child = await whenFree(() =>
      startChild(ringTrainingWorkflow, {
        workflowId: workflowIds.ringTraining(`${workflowInfo().workflowId}/${name}`),
        args: [input],
        staticSummary: `Trial ${name}: ${input.settings.maxSteps} steps`,
      }),
    );
    return this.control.withChild(child, child.result());
  }

  private cut(sequenceLength: number, leftOut?: RegionCode): Promise<ArtifactReference> {
    const name = `${sequenceLength}/${leftOut}`;
    const known = this.cuts.get(name);
    if (known) return known;
    const { features, cut, train, validation } = this.plan;
    const regions = cut.regions.filter((region) => region !== leftOut);
    const cutting = cutSequences({
      dataset: features,
      ...cut,
      regions,
      sequenceLength,
      train,
      score: validation,
      purpose: 'search',
    }).then(({ dataset }) => dataset);
    this.cuts.set(name, cutting);
    // The next trial tries again.
    cutting.catch(() => this.cuts.delete(name));
    return cutting;
  }
}
