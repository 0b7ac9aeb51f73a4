import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RingListener } from '../../src/ring/rendezvous.ts';

/** Resolves when a connection is over, however it came to that. */
export async function closed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

/** Waits until a slot's door has turned somebody away for this reason; the test's time limit ends a wait in vain. */
export async function turnedAway(listener: RingListener, rank: number, reason: RegExp): Promise<void> {
  for (;;) {
    const message = await listener.accept(rank, 1).then(
      () => Promise.reject(new Error(`Rank ${rank} was let in.`)),
      (error: Error) => error.message,
    );
    if (/ turned away: /.test(message) && reason.test(message)) return;
    await sleep(5);
  }
}
