import { ScheduleAlreadyRunning, type Client, type ScheduleOptions } from '@temporalio/client';
import { checkCron, type ScheduleDefinition } from './schedule.ts';
import { weeklyRetrain } from './weekly-retrain.ts';

export const SCHEDULES: readonly ScheduleDefinition[] = [weeklyRetrain];

/**
 * Creates what is not there and updates what is; applying twice changes nothing. Whether somebody has paused a
 * schedule stays as it is. Returns the ids by what was done.
 */
export async function applySchedules(
  client: Client,
  definitions: readonly ScheduleDefinition[] = SCHEDULES,
): Promise<{ created: string[]; updated: string[] }> {
  const created: string[] = [];
  const updated: string[] = [];
  for (const definition of definitions) {
    checkCron(definition.cron);
    const options = optionsOf(definition);
    try {
      await client.schedule.create(options);
      created.push(definition.id);
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      const { spec, action, policies } = options;
      await client.schedule
        .getHandle(definition.id)
        .update(({ state }) => ({ spec, action, policies, state: { ...state, note: definition.note } }));
      updated.push(definition.id);
    }
  }
  return { created, updated };
}

function optionsOf(definition: ScheduleDefinition) {
  const { id, note, cron, workflow, taskQueue, workflowId, input, overlap, catchUpHours } = definition;
  return {
    scheduleId: id,
    spec: { cronExpressions: [cron], timezone: 'UTC' },
    action: {
      type: 'startWorkflow',
      workflowType: workflow,
      taskQueue,
      workflowId,
      args: [input],
      staticSummary: note,
    },
    policies: { overlap, catchupWindow: `${catchUpHours} hours` as const, pauseOnFailure: false },
    state: { note },
  } satisfies ScheduleOptions;
}
