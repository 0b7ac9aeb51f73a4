import { runningStack } from '../stack/state.ts';
import { LastingConnection } from '../temporal/lasting-connection.ts';
import type { Session } from './session.ts';

/** The Temporal server that runs already, on the home or as a cluster; none is started, and without one asking fails. */
export async function runningServices(session: Session): Promise<LastingConnection> {
  const { config } = session;
  const home = await session.home();
  return new LastingConnection(() => {
    if (config.temporalAddress !== undefined) return config;
    const running = runningStack(home);
    if (running?.state !== 'ready') return undefined;
    const { address, namespace } = running.temporal;
    return { temporalAddress: address, temporalNamespace: namespace };
  });
}
