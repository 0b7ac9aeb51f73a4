import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { pipelineActivities } from '../../activities/index.ts';
import { sourceActivities } from '../../activities/ingestion.ts';
import { slotActivities, type SlotDependencies } from '../../activities/ring-slot.ts';
import { findTemporalCli } from '../../src/stack/temporal-cli.ts';
import { silentLogger } from '../../src/stages/context.ts';
import type { StageRunner } from '../../src/stages/runner.ts';
import { PIPELINE_QUEUE, SOURCE_QUEUE } from '../../src/temporal/names.ts';
import { SEARCH_ATTRIBUTES } from '../../src/temporal/search-attributes.ts';
import { workflowBundle } from '../../workers/workflow-bundle.ts';
import { untilTestEnds } from './until.ts';

/** One Temporal server for the whole run of tests, started when the first test asks for it. */
let server: Promise<TestWorkflowEnvironment> | undefined;
let bundle: Promise<{ code: string }> | undefined;
const folders: string[] = [];

type Slots = { queue: string; slot: SlotDependencies['slot'] }[];

/** How workers that run are shut down; none when no test uses any. */
const running = new Set<ShutDown>();

/** For activities that do not end when they are asked to. */
const SHUTDOWN_MS = 20_000;
const HEARTBEAT_MS = 200;
const ELASTIC_PATIENCE_MS = 1000;

export function temporal(): Promise<TestWorkflowEnvironment> {
  server ??= startServer();
  return server;
}

/** The workflows as a worker runs them, bundled once a run. */
export async function bundledWorkflows(): Promise<{ code: string }> {
  bundle ??= temporaryFolder().then((folder) => workflowBundle(folder, silentLogger));
  return bundle;
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ringwatt-workflows-'));
  folders.push(folder);
  return folder;
}

async function startServer(): Promise<TestWorkflowEnvironment> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const { path } = await findTemporalCli();
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      searchAttributes: SEARCH_ATTRIBUTES,
      log: { format: 'pretty', level: 'error' },
    },
  });
}

/** Runs the project's own workers, with `run` in place of the stages and `slots` in place of slot processes. */
export const withWorkers = <Result>(
  run: StageRunner,
  work: (client: Client) => Promise<Result>,
  slots: Slots = [],
): Promise<Result> =>
  whileWorkersRun(run, (client) => work(client).finally(() => endWorkflows(client)), slots);

/** As `withWorkers`, and the workflows that are under way wait for the next workers, which may be of other code. */
export async function whileWorkersRun<Result>(
  run: StageRunner,
  work: (client: Client) => Promise<Result>,
  slots: Slots = [],
  workflowBundle: Promise<{ code: string }> = bundledWorkflows(),
): Promise<Result> {
  const isOver = untilTestEnds();
  const { nativeConnection: connection, client, namespace } = await temporal();
  const dependencies = { run, heartbeatMs: HEARTBEAT_MS, elasticPatienceMs: ELASTIC_PATIENCE_MS };
  const common = {
    connection,
    namespace,
    shutdownForceTime: SHUTDOWN_MS,
    maxHeartbeatThrottleInterval: HEARTBEAT_MS,
    defaultHeartbeatThrottleInterval: HEARTBEAT_MS,
  };
  const options: WorkerOptions[] = [
    {
      ...common,
      taskQueue: PIPELINE_QUEUE,
      workflowBundle: await workflowBundle,
      activities: pipelineActivities(dependencies),
    },
    { ...common, taskQueue: SOURCE_QUEUE, activities: sourceActivities(dependencies) },
    ...slots.map(({ queue, slot }) => ({
      ...common,
      taskQueue: queue,
      activities: slotActivities({ slot, heartbeatMs: HEARTBEAT_MS }),
      maxConcurrentActivityTaskExecutions: 2,
    })),
  ];
  const shutDown = runWorkers(options);
  running.add(shutDown);
  try {
    await shutDown.started;
    if (isOver()) throw new Error('The test ended before its workers were there.');
    return await work(client);
  } finally {
    await shutDown.now().finally(() => running.delete(shutDown));
  }
}

interface ShutDown {
  started: Promise<void>;
  now(): Promise<void>;
}

/** Whatever is there of them when one cannot be had, ends as well: it would keep its queue to itself. */
function runWorkers(options: readonly WorkerOptions[]): ShutDown {
  const created = options.map((each) => Worker.create(each));
  const ended = Promise.all(created.map(async (worker) => (await worker).run()));
  // It is looked at when they are shut down.
  ended.catch(() => {});
  const settled = Promise.allSettled(created);
  return {
    started: Promise.all(created).then(() => {}),
    async now() {
      for (const each of await settled)
        if (each.status === 'fulfilled' && each.value.getState() === 'RUNNING') each.value.shutdown();
      await ended;
    },
  };
}

/** Entities live on: the next test's workers must not meet those of the last. */
async function endWorkflows(client: Client): Promise<void> {
  for await (const { workflowId } of client.workflow.list({ query: "ExecutionStatus = 'Running'" })) {
    await client.workflow
      .getHandle(workflowId)
      .terminate('the test is over')
      .catch(() => {});
  }
}

/**
 * A test that ran out of time goes on for mocha's part: its workers would stay, and no other test could have workers
 * of its own. They end here, with the workflows it left; what it waits for ends as well (see `until`).
 */
afterEach(async () => {
  if (running.size === 0) return;
  const { client } = await temporal();
  await Promise.allSettled([...running].map((shutDown) => shutDown.now()));
  running.clear();
  await endWorkflows(client);
});

after(async () => {
  await (await server)?.teardown();
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});
