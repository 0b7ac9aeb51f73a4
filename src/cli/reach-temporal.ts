import { messageOf } from '../errors.ts';
import { runningStack } from '../stack/state.ts';
import type { TemporalPlace } from './temporal-session.ts';
import type { Session } from './session.ts';

/** A server that is there answers within one, on a busy machine within a few; who only looks is told of the rest. */
const CONNECT_SECONDS = 5;

/**
 * Asks the Temporal server that runs already, on the home or as a cluster; starts none. Null where there is none,
 * `error` where it does not answer.
 */
export async function reachTemporal<Result>(
  session: Session,
  ask: (client: TemporalPlace['client']) => Promise<Result>,
): Promise<Result | { error: string } | null> {
  const { config } = session;
  const services = config.temporalAddress === undefined ? runningStack(await session.home()) : undefined;
  const temporalAddress = config.temporalAddress ?? services?.temporal.address;
  if (temporalAddress === undefined) return null;
  const temporalNamespace = services?.temporal.namespace ?? config.temporalNamespace;
  const { connect } = await import('../temporal/connection.ts');
  try {
    const { client, connection } = await connect(
      { temporalAddress, temporalNamespace },
      { seconds: CONNECT_SECONDS },
    );
    try {
      return await ask(client);
    } finally {
      await connection.close();
    }
  } catch (error) {
    return { error: messageOf(error) };
  }
}
