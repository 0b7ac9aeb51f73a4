import { randomBytes } from 'node:crypto';
import type { Collectives } from './collectives.ts';
import { joinRing } from './join.ts';
import { RingListener, type RendezvousOptions } from './rendezvous.ts';

/** All ranks of a ring in this process, over loopback TCP as between processes: for tests, benches and notebooks. */
export async function openLocalRing(
  worldSize: number,
  options: RendezvousOptions = {},
): Promise<Collectives[]> {
  const identity = { runId: 'local', epoch: 1, token: randomBytes(32).toString('hex') };
  const listeners = await Promise.all(
    Array.from({ length: worldSize }, () => RingListener.open(identity, options)),
  );
  const peers = listeners.map(({ address }, rank) => ({ rank, address }));
  try {
    return await Promise.all(listeners.map((listener, rank) => joinRing(listener, rank, peers, options)));
  } finally {
    for (const listener of listeners) listener.close();
  }
}

/** Runs `each` on all ranks of a local ring at once and closes it. */
export async function onLocalRing<T>(
  worldSize: number,
  each: (ring: Collectives) => Promise<T>,
  options: RendezvousOptions = {},
): Promise<T[]> {
  const ring = await openLocalRing(worldSize, options);
  try {
    return await Promise.all(ring.map((rank) => each(rank)));
  } finally {
    await Promise.all(ring.map((rank) => rank.close()));
  }
}
