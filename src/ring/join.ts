import type { SegmentInput } from '../contracts/training.ts';
import { BadInputError } from '../errors.ts';
import { Collectives } from './collectives.ts';
import { callNeighbour, type RendezvousOptions, type RingListener } from './rendezvous.ts';

/** Links this rank with the one after it and the one before it. Resolves when both have proved that they belong. */
export async function joinRing(
  listener: RingListener,
  rank: number,
  peers: readonly Pick<SegmentInput['peers'][number], 'rank' | 'address'>[],
  options: RendezvousOptions = {},
): Promise<Collectives> {
  const worldSize = peers.length;
  if (peers.some((peer, index) => peer.rank !== index) || rank >= worldSize) {
    throw new BadInputError(
      `The peers of run ${listener.identity.runId} are not in the order of their ranks.`,
      'Give ranks 0, 1, 2 …, each once.',
    );
  }
  if (worldSize === 1) return Collectives.alone();
  const after = (rank + 1) % worldSize;
  const before = (rank + worldSize - 1) % worldSize;
  const calling = callNeighbour(
    listener.identity,
    peers[after]!.address,
    { own: rank, neighbour: after },
    { ...options, tls: listener.tls },
  );
  const accepting = listener.accept(before, options.patienceMs);
  try {
    const [next, previous] = await Promise.all([calling, accepting]);
    return new Collectives(rank, worldSize, { next, previous });
  } catch (error) {
    // The side that did come about, or still does, belongs to no ring.
    for (const side of [calling, accepting]) {
      side.then(
        (link) => link.destroy(),
        () => undefined,
      );
    }
    throw error;
  }
}
