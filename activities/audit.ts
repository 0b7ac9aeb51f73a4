import { Context } from '@temporalio/activity';
import { toldEvent, type ToldEvent } from '../src/contracts/audit.ts';
import { parseInput } from '../src/temporal/input.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { underHeartbeat } from './heartbeat.ts';

/** What workflows tell the home's audit. However often one is tried, it is told once: the activity's number is its id. */
export const auditActivities = ({ run, heartbeatMs }: ActivityDependencies) => ({
  recordAudit: (event: ToldEvent): Promise<void> =>
    underHeartbeat<never, void>(heartbeatMs, (signal) => {
      const told = parseInput(toldEvent, event, 'recordAudit');
      return run('recordAudit', { id: activityId(), ...told }, { signal, progress: () => {} });
    }),
});
export type AuditActivities = ReturnType<typeof auditActivities>;

/** The same in every attempt of one activity, and in no other. */
export function activityId(): string {
  const { workflowExecution, activityId: number } = Context.current().info;
  return `${workflowExecution?.workflowId}/${workflowExecution?.runId}/${number}`;
}
