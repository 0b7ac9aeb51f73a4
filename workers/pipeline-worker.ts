import { Worker } from '@temporalio/worker';
import { pipelineActivities } from '../activities/index.ts';
import { sourceActivities } from '../activities/ingestion.ts';
import { messageOf } from '../src/errors.ts';
import { stageRunner } from '../src/stages/runner.ts';
import { ensureSearchAttributes } from '../src/temporal/ensure-search-attributes.ts';
import { PIPELINE_QUEUE, SOURCE_QUEUE, WORKFLOWS } from '../src/temporal/names.ts';
import { processMetrics } from './process-metrics.ts';
import { DRAIN, main, runWorkers } from './run-workers.ts';
import { setUp } from './setup.ts';
import { workflowBundle } from './workflow-bundle.ts';

const NAME = 'pipeline-worker';
/** A tenth of the heartbeat timeouts: news for people, and a cancellation heard within two seconds. */
const HEARTBEAT_MS = 1500;
/**
 * A slot's process that is started again needs some three seconds, and one that was paused is ended by its supervisor
 * after twenty.
 */
const ELASTIC_PATIENCE_MS = 20_000;
/** Stages compute in processes of their own, each with all cores: more at once would only share them. */
const STAGES_AT_ONCE = 8;
/** Two windows overlap the reply of one with the writing of the other. */
const WINDOWS_AT_ONCE = 2;

/** The process that runs the workflows, the stages and the fetching. */
main(async () => {
  const { config, home, log, connection } = await setUp(NAME);
  const namespace = config.temporalNamespace;
  await ensureSearchAttributes(connection, namespace).catch((error: unknown) =>
    log.warn(
      { reason: messageOf(error) },
      'search attributes could not be registered: ask who runs the cluster',
    ),
  );
  const dependencies = {
    run: stageRunner({ home, config, log }),
    heartbeatMs: HEARTBEAT_MS,
    elasticPatienceMs: ELASTIC_PATIENCE_MS,
  };
  const common = {
    connection,
    namespace,
    ...DRAIN,
    maxHeartbeatThrottleInterval: HEARTBEAT_MS,
    defaultHeartbeatThrottleInterval: HEARTBEAT_MS,
  };
  const pipeline = await Worker.create({
    ...common,
    taskQueue: PIPELINE_QUEUE,
    workflowBundle: await workflowBundle(home.path('cache'), log),
    activities: pipelineActivities(dependencies),
    maxConcurrentActivityTaskExecutions: STAGES_AT_ONCE,
    // A pool that an update of this program can no longer replay is better begun anew than stuck: the slots and the
    // renewals of leases tell the new one all that the old one knew.
    workflowFailureErrorTypes: { '*': [], [WORKFLOWS.slotPool]: ['NondeterminismError'] },
    // After a worker was killed its workflows are picked up so much later.
    stickyQueueScheduleToStartTimeout: '3 seconds',
  });
  const sources = await Worker.create({
    ...common,
    taskQueue: SOURCE_QUEUE,
    activities: sourceActivities(dependencies),
    maxConcurrentActivityTaskExecutions: WINDOWS_AT_ONCE,
  });
  await runWorkers({
    name: NAME,
    config,
    home,
    log,
    connection,
    workers: [pipeline, sources],
    metrics: processMetrics(NAME),
  });
});
