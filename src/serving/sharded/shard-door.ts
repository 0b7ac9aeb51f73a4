import { startBackend } from '../../backend/backend.ts';
import { RingListener, type RendezvousOptions } from '../../ring/rendezvous.ts';
import { doorIdentity } from './door-identity.ts';
import { ShardSession } from './shard-session.ts';

/**
 * Lets those in that serve, and is a shard for each of them as long as it stays. With `port` it can be reached at an
 * address that is known beforehand.
 */
export async function openShardDoor(token: string, rendezvous: RendezvousOptions): Promise<RingListener> {
  const attention = (await startBackend()).attention();
  const { port: _, ...toNeighbours } = rendezvous;
  return RingListener.open(doorIdentity(token), {
    ...rendezvous,
    arrived: (link) =>
      void new ShardSession(link, { attention, rendezvous: toNeighbours, secret: token }).serve(),
  });
}
