import {
  isGrpcDeadlineError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import type { Config } from '../config/config.ts';
import { UnavailableError } from '../errors.ts';
import { connect, served } from './connection.ts';

type Place = Pick<Config, 'temporalAddress' | 'temporalNamespace'>;
type Connected = Awaited<ReturnType<typeof connect>>;

/** Whoever asks waits for it. */
const CONNECT_SECONDS = 3;

/**
 * For a process that outlives the server it asks: connects when it is first needed, and anew when the services have
 * come up elsewhere. `place` says where they are now, or nothing while none run.
 */
export class LastingConnection {
  private readonly place: () => Place | undefined;
  private held: { address: string; connected: Promise<Connected> } | undefined;

  constructor(place: () => Place | undefined) {
    this.place = place;
  }

  /** Asks the server, and gives up after so long: a request that no worker takes waits for ever. */
  async ask<Result>(seconds: number, work: (client: Client) => Promise<Result>): Promise<Result> {
    const { client, connection } = await this.connected();
    try {
      return await connection.withDeadline(Date.now() + 1000 * seconds, () => served(() => work(client)));
    } catch (error) {
      if (!isLate(error)) throw error;
      throw new UnavailableError(
        `No worker has answered within ${seconds} s.`,
        'Look at `status`; where no worker runs, `npm run -s ringwatt -- up --detach` starts them: the request waits there, and may still be carried out.',
        { cause: error },
      );
    }
  }

  async close(): Promise<void> {
    const { held } = this;
    this.held = undefined;
    await held?.connected.then(({ connection }) => connection.close()).catch(() => {});
  }

  private async connected(): Promise<Connected> {
    const place = this.place();
    if (place === undefined) {
      await this.close();
      throw new UnavailableError(
        'No services run on this home.',
        'Start them with `npm run -s ringwatt -- up --detach`.',
      );
    }
    const address = `${place.temporalAddress ?? ''} ${place.temporalNamespace}`;
    if (this.held?.address !== address) {
      await this.close();
      this.held = { address, connected: connect(place, { seconds: CONNECT_SECONDS }) };
      // Whoever comes next tries again.
      this.held.connected.catch(() => (this.held = undefined));
    }
    return this.held.connected;
  }
}

function isLate(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return (
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isGrpcDeadlineError(error) ||
    isGrpcDeadlineError(cause)
  );
}
