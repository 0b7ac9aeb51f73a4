import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type {
  ABExtendRequest,
  ABRequest,
  ABStopRequest,
  ABTestInput,
  ABTestStatus,
} from '../contracts/ab-test.ts';
import { abTestConfig } from '../contracts/ab-test.ts';
import { InUseError, MissingDataError } from '../errors.ts';
import { served } from './connection.ts';
import { abTestStatusQuery, endTestUpdate, extendTestUpdate, lookSignal } from './messages.ts';
import { fieldsThatDiffer, inputOf } from './running-input.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from './names.ts';

/** What is asked of A/B tests from outside. */

const ASK_AGAIN_MS = 200;

/** Starts a test, or finds the one of its name that runs, and waits until it answers or is refused. */
export const startABTest = (client: Client, input: ABTestInput): Promise<ABTestStatus> =>
  served(async () => {
    const { test_name: name } = input.config;
    const handle = await client.workflow
      .start(WORKFLOWS.abTest, {
        workflowId: workflowIds.abTest(name),
        taskQueue: PIPELINE_QUEUE,
        args: [input],
        staticSummary: `A/B test ${name}`,
        workflowIdConflictPolicy: 'FAIL',
      })
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        return runningTest(client, input);
      });
    const ended = handle.result() as Promise<ABTestStatus>;
    for (;;) {
      const status = await handle.query(abTestStatusQuery);
      if (status.phase !== 'starting') {
        // It goes on by itself: nobody here waits for its end any more.
        ended.catch(() => {});
        return status;
      }
      const first = await Promise.race([
        ended,
        new Promise<null>((done) => setTimeout(done, ASK_AGAIN_MS, null)),
      ]);
      if (first) return first;
    }
  });

export const stopABTest = (client: Client, name: string, request: ABStopRequest): Promise<ABRequest> =>
  served(() =>
    entityOf(client, name)
      .executeUpdate(endTestUpdate, { args: [request] })
      .catch(notFound(name)),
  );

export const extendABTest = (client: Client, name: string, request: ABExtendRequest): Promise<ABRequest> =>
  served(() =>
    entityOf(client, name)
      .executeUpdate(extendTestUpdate, { args: [request] })
      .catch(notFound(name)),
  );

/** Its end, as it has it. */
export const endOfABTest = (client: Client, name: string): Promise<ABTestStatus> =>
  served(() => entityOf(client, name).result() as Promise<ABTestStatus>);

/** Outcomes were written into the files: it need not wait for its next look. */
export const nudgeABTest = (client: Client, name: string): Promise<void> =>
  served(() => entityOf(client, name).signal(lookSignal));

/** The one that runs, where it was asked for the same. */
async function runningTest(client: Client, { config }: ABTestInput) {
  const { test_name: name } = config;
  const workflowId = workflowIds.abTest(name);
  const before = (await inputOf(client, workflowId)) as { config?: object } | undefined;
  const differing = fieldsThatDiffer(abTestConfig, config, before?.config);
  if (differing.length === 0) return client.workflow.getHandle(workflowId);
  throw new InUseError(
    `The A/B test ${name} runs already, and was asked for something else: ${differing.join(', ')}.`,
    'Choose another name, or `ab stop` that one.',
  );
}

const entityOf = (client: Client, name: string) => client.workflow.getHandle(workflowIds.abTest(name));

const notFound =
  (name: string) =>
  (error: unknown): never => {
    if ((error as Error).name !== 'WorkflowNotFoundError') throw error;
    throw new MissingDataError(
      `No A/B test ${name} runs on this server.`,
      'Where its workflow was lost, `ab start` with the same configuration takes it up again.',
      { cause: error },
    );
  };
