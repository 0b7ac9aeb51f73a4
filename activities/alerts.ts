import { ApplicationFailure, Context } from '@temporalio/activity';
import type { z } from 'zod';
import { alertMessages, deliveryInput } from '../src/alerts/stage.ts';
import { observation, type DeliveryOutcome } from '../src/contracts/alerts.ts';
import { DeliveryWaitsError, messageOf } from '../src/errors.ts';
import { parseInput } from '../src/temporal/input.ts';
import { observeSignal } from '../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../src/temporal/names.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { underHeartbeat } from './heartbeat.ts';
import { stageActivity } from './stage-activity.ts';

/** What workflows tell the alerts, and what the entity of the alerts does. */
export const alertActivities = (dependencies: ActivityDependencies) => ({
  /** Hands over what somebody saw. The entity is started where it does not run: it begins by its files. */
  observe: (seen: z.input<typeof observation>): Promise<void> =>
    underHeartbeat<never, void>(dependencies.heartbeatMs, async () => {
      await Context.current().client.workflow.signalWithStart(WORKFLOWS.alerts, {
        workflowId: workflowIds.alerts(),
        taskQueue: PIPELINE_QUEUE,
        args: [],
        signal: observeSignal,
        signalArgs: [parseInput(observation, seen, 'observe')],
      });
    }),

  turnAlerts: stageActivity(dependencies, 'turnAlerts', alertMessages),

  /** Tries again, in Temporal's way, when the delivery's own schedule says so. */
  deliverAlert: ({ id }: { id: string }): Promise<DeliveryOutcome> =>
    underHeartbeat<never, DeliveryOutcome>(dependencies.heartbeatMs, async (signal) => {
      const input = parseInput(deliveryInput, { id, by: attemptName() }, 'deliverAlert');
      try {
        return await dependencies.run('deliverAlert', input, { signal, progress: () => {} });
      } catch (error) {
        if (!(error instanceof DeliveryWaitsError)) throw error;
        throw ApplicationFailure.create({
          message: messageOf(error),
          type: error.name,
          nextRetryDelay: Math.max(100, error.until - Date.now()),
        });
      }
    }),
});
export type AlertActivities = ReturnType<typeof alertActivities>;

/** An attempt's successor may take over what it had begun: it has died, or Temporal has given it up. */
function attemptName(): string {
  const { workflowExecution, activityId } = Context.current().info;
  return `${workflowExecution?.workflowId ?? ''}/${workflowExecution?.runId ?? ''}/${activityId}`;
}
