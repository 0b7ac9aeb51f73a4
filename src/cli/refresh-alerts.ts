import { messageOf } from '../errors.ts';
import type { Session } from './session.ts';

/** Tells the workflow, where one runs, that its files have changed: its status is then right at once. */
export async function refreshAlerts(session: Session): Promise<void> {
  const { config } = session;
  const { runningStack } = await import('../stack/state.ts');
  const running = config.temporalAddress === undefined ? runningStack(await session.home()) : undefined;
  const reached =
    running?.state === 'ready'
      ? { temporalAddress: running.temporal.address, temporalNamespace: running.temporal.namespace }
      : config;
  if (reached.temporalAddress === undefined) return;
  const [{ connect }, { refreshAlertsSignal }, { workflowIds }] = await Promise.all([
    import('../temporal/connection.ts'),
    import('../temporal/messages.ts'),
    import('../temporal/names.ts'),
  ]);
  try {
    const { client, connection } = await connect(reached);
    try {
      await client.workflow.getHandle(workflowIds.alerts()).signal(refreshAlertsSignal);
    } finally {
      await connection.close();
    }
  } catch (error) {
    // It may never have been started, and it reads the files by itself when something happens.
    session.say(`the workflow ${workflowIds.alerts()} was not told: ${messageOf(error)}`);
  }
}
