import { startBackend } from '../../backend/backend.ts';
import { RingListener, type RendezvousOptions } from '../../ring/rendezvous.ts';
import { DEFAULT_TIMING } from '../../ring/vigil.ts';
import { doorIdentity } from './door-identity.ts';
import { ShardSession } from './shard-session.ts';

/**
 * Who serves may read a large request for seconds and say nothing meanwhile. A shard can wait: of one that has ended it
 * hears at once, by the end of the connection.
 */
const SILENCE_MS = 60_000;

/**
 * Lets those in that serve, and is a shard for each of them as long as it stays. With `port` it can be reached at an
 * address that is known beforehand.
 */
export async function openShardDoor(token: string, rendezvous: RendezvousOptions): Promise<RingListener> {
  const attention = (await startBackend()).attention();
  const { port: _, ...toNeighbours } = rendezvous;
  const { aliveEveryMs } = rendezvous.timing ?? DEFAULT_TIMING;
  return RingListener.open(doorIdentity(token), {
    ...rendezvous,
    timing: { aliveEveryMs, silenceMs: SILENCE_MS },
    arrived: (link) =>
      void new ShardSession(link, { attention, rendezvous: toNeighbours, secret: token }).serve(),
  });
}
