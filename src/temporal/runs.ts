import {
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import type { z } from 'zod';
import { ingestionInput, type IngestionOutcome } from '../contracts/ingestion.ts';
import type { UpdateDefinition } from '@temporalio/common';
import type {
  CanaryRequest,
  EndCanaryRequest,
  LifecycleEvent,
  PromoteRequest,
  RollbackRequest,
} from '../contracts/lifecycle.ts';
import { pipelineInput, type PipelineResult } from '../contracts/pipeline.ts';
import { seriesPipelineInput, type SeriesPipelineResult } from '../contracts/series.ts';
import { searchInput, type SearchInput, type SearchResult } from '../contracts/search.ts';
import {
  rollingBacktestInput,
  type RollingBacktestInput,
  type RollingBacktestResult,
} from '../contracts/rolling-backtest.ts';
import { ringTrainingInput, type RingTrainingResult } from '../contracts/training.ts';
import { InUseError } from '../errors.ts';
import { served } from './connection.ts';
import { fieldsThatDiffer, inputOf } from './running-input.ts';
import { canaryUpdate, endCanaryUpdate, promoteUpdate, rollbackUpdate } from './messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from './names.ts';

/** What is asked of the workflows from outside, in one place. */

const ENTITIES = [WORKFLOWS.slotPool, WORKFLOWS.modelLifecycle, WORKFLOWS.alerts]
  .map((type) => `'${type}'`)
  .join(', ');

/** Finds every job that runs; entities always do, and are none. */
export const RUNNING_JOBS = `ExecutionStatus = 'Running' AND WorkflowType NOT IN (${ENTITIES})`;

/** A workflow's handle, and whether it was there before. */
export interface Run<Result> {
  workflowId: string;
  attached: boolean;
  result: Promise<Result>;
  handle: WorkflowHandle;
}

interface StartOptions {
  workflowId: string;
  input: object;
  summary: string;
}

/** A kind of job, and what is asked of it. */
interface Job {
  type: string;
  input: z.ZodType;
  /** What a person who wants both can do, besides the ways that every job has. */
  orElse: string;
}

const JOBS = {
  pipeline: {
    type: WORKFLOWS.forecastingPipeline,
    input: pipelineInput,
    orElse: ', or name another model with --model',
  },
  ingestion: { type: WORKFLOWS.ingestion, input: ingestionInput, orElse: '' },
  series: {
    type: WORKFLOWS.seriesPipeline,
    input: seriesPipelineInput,
    orElse: ', or name another model with --model',
  },
  training: { type: WORKFLOWS.ringTraining, input: ringTrainingInput, orElse: '' },
  search: {
    type: WORKFLOWS.hyperparameterSearch,
    input: searchInput,
    orElse: ', or name another search with --name',
  },
  backtest: {
    type: WORKFLOWS.backtest,
    input: rollingBacktestInput,
    orElse: ', or name another backtest with --name',
  },
} satisfies Record<string, Job>;

export const startIngestion = (client: Client, options: StartOptions) =>
  served(() => start<IngestionOutcome>(client, JOBS.ingestion, options));

export const startTraining = (client: Client, options: StartOptions) =>
  served(() => start<RingTrainingResult>(client, JOBS.training, options));

/** From a person's CSV file to a registered forecaster; one job at a time for a model's name. */
export const startSeries = (client: Client, options: StartOptions) =>
  served(() => start<SeriesPipelineResult>(client, JOBS.series, options));

/** Starts a search, or joins the one of its name that runs already, if that was asked for the same. */
export const startSearch = (client: Client, input: SearchInput) =>
  served(() =>
    start<SearchResult>(client, JOBS.search, {
      workflowId: workflowIds.search(input.name),
      input,
      summary: `Search of ${input.trials} configurations`,
    }),
  );

/** Starts a rolling backtest, or joins the one of its name that runs already, if that was asked for the same. */
export const startBacktest = (client: Client, input: RollingBacktestInput) =>
  served(() =>
    start<RollingBacktestResult>(client, JOBS.backtest, {
      workflowId: workflowIds.backtest(input.name),
      input,
      summary: `Rolling backtest of ${input.forecasters.join(', ')}`,
    }),
  );

/**
 * Starts the main job, or joins the one for this model that runs already, whatever day it began; `InUseError` when
 * that one was asked for something else.
 */
export const startPipeline = (
  client: Client,
  { model, date, input }: { model: string; date: string; input: object },
): Promise<Run<PipelineResult>> =>
  served(async () => {
    const query = `WorkflowType = '${WORKFLOWS.forecastingPipeline}' AND ExecutionStatus = 'Running'`;
    for await (const { workflowId } of client.workflow.list({ query })) {
      // What is listed may be a moment old.
      if (workflowId.startsWith(workflowIds.pipeline(model, '')) && (await isRunning(client, workflowId))) {
        return attach(client, JOBS.pipeline, { workflowId, input });
      }
    }
    const options = { workflowId: workflowIds.pipeline(model, date), input, summary: `Forecaster ${model}` };
    return start<PipelineResult>(client, JOBS.pipeline, options);
  });

/** Given, the same update asked for again is one: an activity that is tried again gives its own. */
interface Asking {
  updateId?: string;
}

const asked =
  <Request>(update: UpdateDefinition<LifecycleEvent, [Partial<Request>]>) =>
  (
    client: Client,
    name: string,
    request: Partial<Request>,
    { updateId }: Asking = {},
  ): Promise<LifecycleEvent> => {
    const startWorkflowOperation = lifecycleOperation(name);
    return served(() =>
      client.workflow.executeUpdateWithStart(update, { args: [request], updateId, startWorkflowOperation }),
    );
  };

/** Each answers with the event, or fails with the reason of the refusal. */
export const promoteVersion = asked<PromoteRequest>(promoteUpdate);
export const rollbackChampion = asked<RollbackRequest>(rollbackUpdate);
export const startCanary = asked<CanaryRequest>(canaryUpdate);
export const endCanary = asked<EndCanaryRequest>(endCanaryUpdate);

/** The entity is started where it does not run: after a loss of the server's database it begins by its files. */
const lifecycleOperation = (name: string) =>
  new WithStartWorkflowOperation(WORKFLOWS.modelLifecycle, {
    workflowId: workflowIds.model(name),
    taskQueue: PIPELINE_QUEUE,
    args: [{ name }],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });

async function start<Result>(
  client: Client,
  job: Job,
  { workflowId, input, summary }: StartOptions,
): Promise<Run<Result>> {
  try {
    const handle = await client.workflow.start(job.type, {
      workflowId,
      taskQueue: PIPELINE_QUEUE,
      args: [input],
      staticSummary: summary,
      workflowIdConflictPolicy: 'FAIL',
    });
    return runOf(handle, false);
  } catch (error) {
    // Of two that start the same work at once, the second joins the first.
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      return attach(client, job, { workflowId, input });
    }
    throw error;
  }
}

async function attach<Result>(
  client: Client,
  job: Job,
  { workflowId, input }: Pick<StartOptions, 'workflowId' | 'input'>,
): Promise<Run<Result>> {
  const differing = fieldsThatDiffer(job.input, input, await inputOf(client, workflowId));
  if (differing.length > 0) {
    throw new InUseError(
      `${workflowId} runs already, and was asked for something else: ${differing.join(', ')}.`,
      `Wait until it ends, cancel it in the Temporal UI${job.orElse}.`,
    );
  }
  return runOf(client.workflow.getHandle(workflowId), true);
}

const runOf = <Result>(handle: WorkflowHandle, attached: boolean): Run<Result> => ({
  workflowId: handle.workflowId,
  attached,
  handle,
  result: served(() => handle.result() as Promise<Result>),
});

async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
