import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { JobRecord } from '../src/contracts/jobs.ts';
import type { DeploymentStatus } from '../src/contracts/learning.ts';
import type { RetrainingConfig } from '../src/contracts/retraining.ts';
import { toHourStamp } from '../src/contracts/time.ts';
import { lastOf, readJobs } from '../src/jobs/ledger.ts';
import { clockSignal, deploymentStatusQuery } from '../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../src/temporal/names.ts';
import type { Place } from './place.ts';

const ASK_AGAIN_MS = 100;
/** A source that is down in the simulation is down for the rest of it as far as a run can tell. */
const COLLECT_MINUTES = 0.2;

type Scheduled = 'scheduledIngestion' | 'scheduledForecast' | 'driftMonitoring';
const JOB_OF = {
  scheduledIngestion: 'ingestion',
  scheduledForecast: 'forecast',
  driftMonitoring: 'drift',
} as const;

/** The workflows that schedules would start, each for an explicit moment, as the home's ledger then tells of them. */
export class Jobs {
  readonly #place: Place;
  readonly #config: RetrainingConfig;
  readonly #signal: AbortSignal;

  constructor(place: Place, config: RetrainingConfig, signal: AbortSignal) {
    this.#place = place;
    this.#config = config;
    this.#signal = signal;
  }

  /** Waits for its end and says what the ledger has of it; a job that fails has its line there too. */
  async run(which: Scheduled, asOf: number): Promise<JobRecord> {
    const job = JOB_OF[which];
    const args = [{ config: this.#config, asOf: toHourStamp(asOf) }];
    const workflowId = `${job}/${this.#config.model_name}/${toHourStamp(asOf)}`;
    await this.#toItsEnd(
      this.#client.workflow.start(WORKFLOWS[which], { workflowId, taskQueue: PIPELINE_QUEUE, args }),
    );
    return (await this.records()).findLast((record) => record.workflowId === workflowId)!;
  }

  async retrain(asOf: number, changes: Partial<RetrainingConfig> = {}): Promise<JobRecord> {
    const config = { ...this.#config, ...changes };
    const workflowId = `${workflowIds.learning(config.model_name)}/${toHourStamp(asOf)}`;
    const args = [{ config, asOf: toHourStamp(asOf), collectMinutes: COLLECT_MINUTES }];
    await this.#toItsEnd(
      this.#client.workflow.start(WORKFLOWS.continuousLearning, {
        workflowId,
        taskQueue: PIPELINE_QUEUE,
        args,
      }),
    );
    return lastOf(await this.records(), 'retrain')!;
  }

  /** What somebody does who deploys a version by hand. */
  async deploy(version: number, asOf: number, changes: Partial<RetrainingConfig>): Promise<void> {
    const config = { ...this.#config, ...changes };
    const input = { config, version, asOf: toHourStamp(asOf), reason: 'Deployed by hand, in a hurry.' };
    await this.#client.workflow.start(WORKFLOWS.deployment, {
      workflowId: workflowIds.deployment(config.model_name),
      taskQueue: PIPELINE_QUEUE,
      args: [input],
    });
  }

  /** Moves the clock of the model's deployment, if one runs, and waits until it has done what was due by then. */
  async moveClock(to: number): Promise<void> {
    const handle = this.#client.workflow.getHandle(workflowIds.deployment(this.#config.model_name));
    const asOf = toHourStamp(to);
    try {
      if ((await handle.describe()).status.name !== 'RUNNING') return;
      await handle.signal(clockSignal, { asOf });
      for (;;) {
        const { status, raw } = await handle.describe();
        if (status.name !== 'RUNNING') return;
        const state = await handle.query<DeploymentStatus>(deploymentStatusQuery);
        const busy = (raw.pendingActivities ?? []).length > 0 || Boolean(raw.pendingWorkflowTask);
        if (!busy && state.phase !== 'promotion') return;
        await sleep(ASK_AGAIN_MS, undefined, { signal: this.#signal });
      }
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  records(): Promise<JobRecord[]> {
    return readJobs({ home: this.#place.home }, { model: this.#config.model_name });
  }

  get #client(): Client {
    return this.#place.client;
  }

  /** How it ended stands in the ledger. */
  async #toItsEnd(started: Promise<{ result(): Promise<unknown> }>): Promise<void> {
    const run = await started;
    await this.#client
      .withAbortSignal(this.#signal, () => run.result())
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowFailedError)) throw error;
      });
  }
}
