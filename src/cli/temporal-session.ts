import type { Config } from '../config/config.ts';
import type { connect } from '../temporal/connection.ts';
import type { Session } from './session.ts';

/** A Temporal server with the project's workers on it. */
export interface TemporalPlace {
  client: Awaited<ReturnType<typeof connect>>['client'];
  connection: Awaited<ReturnType<typeof connect>>['connection'];
  /** With the addresses of the services that were found or started. */
  config: Config;
  /** Null on a cluster that someone else runs. */
  uiUrl: string | null;
  /** True when the services were started for this verb and stop with it. */
  temporary: boolean;
}

export interface PlaceOptions {
  /** Names the holder of the home to others: the verb. */
  purpose: string;
  /** Slot workers that the work needs at least. */
  slots?: number;
}

/**
 * Finds the Temporal server a verb works on: a cluster (TEMPORAL_ADDRESS), the services that run on the home, or else
 * ones that are started for this verb and stopped after it.
 */
export async function withTemporal<T>(
  session: Session,
  { purpose, slots }: PlaceOptions,
  work: (place: TemporalPlace) => Promise<T>,
): Promise<T> {
  const { config } = session;
  if (config.temporalAddress !== undefined) {
    return connected(session, { config, uiUrl: null, temporary: false }, work);
  }
  const home = await session.home();
  const { runningStack } = await import('../stack/state.ts');
  const running = runningStack(home);
  if (running?.state === 'ready') {
    const here = running.services.filter(({ name }) => name.startsWith('slot-')).length;
    if (slots !== undefined && here < slots) {
      session.say(
        `${slots} slots are wanted and ${here} run on this home: the job waits; \`up --slots ${slots}\` brings more`,
      );
    }
    const { address, namespace, uiUrl } = running.temporal;
    const sources = running.archiveUrl
      ? { eiaBaseUrl: running.archiveUrl, caisoBaseUrl: running.archiveUrl }
      : {};
    const reached = { ...config, ...sources, temporalAddress: address, temporalNamespace: namespace };
    return connected(session, { config: reached, uiUrl, temporary: false }, work);
  }
  const [{ Stack }, { planServices }] = await Promise.all([
    import('../stack/stack.ts'),
    import('../stack/plan.ts'),
  ]);
  session.say(`starting the services of ${home.root}`);
  const options = { slots: Math.max(slots ?? 1, config.slots), say: session.say };
  const plan = () => planServices(home, config, options);
  const stack = await Stack.start(home, plan, { purpose, say: session.say }, session.signal);
  try {
    const { uiUrl } = stack.description.temporal;
    return await connected(session, { config: stack.config, uiUrl, temporary: true }, work);
  } finally {
    await stack.stop();
  }
}

async function connected<T>(
  { signal }: Session,
  place: Omit<TemporalPlace, 'client' | 'connection'>,
  work: (place: TemporalPlace) => Promise<T>,
): Promise<T> {
  const { connect } = await import('../temporal/connection.ts');
  const { client, connection } = await connect(place.config);
  try {
    return await work({ ...place, client, connection });
  } finally {
    // After Ctrl-C a call may still be waiting, and would try again on a closed channel: the process ends it.
    if (!signal.aborted) await connection.close();
  }
}
