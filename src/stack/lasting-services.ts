import type { Config } from '../config/config.ts';
import type { Home } from '../lake/home.ts';
import { LastingConnection } from '../temporal/lasting-connection.ts';
import { runningStack } from './state.ts';

/** The Temporal server that runs already, on the home or as a cluster; none is started, and without one asking fails. */
export function lastingServices(home: Home, config: Config): LastingConnection {
  return new LastingConnection(() => {
    if (config.temporalAddress !== undefined) return config;
    const running = runningStack(home);
    if (running?.state !== 'ready') return undefined;
    const { address, namespace } = running.temporal;
    return { temporalAddress: address, temporalNamespace: namespace };
  });
}
