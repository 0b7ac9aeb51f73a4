import type { Socket } from 'node:net';

export interface StrangerLimits {
  /** After so long whoever has not proved itself is sent away, however much it says meanwhile. */
  patienceMs: number;
  /** More than so many at once push the one out that has been there longest; a neighbour needs milliseconds. */
  atOnce: number;
}

export const STRANGER_LIMITS: StrangerLimits = { patienceMs: 10_000, atOnce: 64 };

/** Those who have connected to a slot's door and not proved yet that they belong to its ring. */
export class Strangers {
  readonly #limits: StrangerLimits;
  /** In the order in which they came. */
  readonly #waiting = new Map<string, { socket: Socket; timer: NodeJS.Timeout }>();

  constructor(limits: StrangerLimits = STRANGER_LIMITS) {
    this.#limits = limits;
  }

  /** `socket` is the bare connection, also where TLS will be spoken on it: a handshake must come to an end too. */
  admit(socket: Socket): void {
    const key = keyOf(socket);
    const timer = setTimeout(() => socket.destroy(), this.#limits.patienceMs);
    this.#waiting.set(key, { socket, timer });
    socket
      .on('error', () => undefined)
      .once('close', () => {
        clearTimeout(timer);
        if (this.#waiting.get(key)?.socket === socket) this.#waiting.delete(key);
      });
    if (this.#waiting.size <= this.#limits.atOnce) return;
    for (const [first, { socket: longest }] of this.#waiting) {
      this.#waiting.delete(first);
      longest.destroy();
      break;
    }
  }

  /** It belongs here: `socket` may be the TLS socket on top of the connection that came in. */
  trust(socket: Socket): void {
    const key = keyOf(socket);
    clearTimeout(this.#waiting.get(key)?.timer);
    this.#waiting.delete(key);
  }

  turnAway(): void {
    for (const { socket } of this.#waiting.values()) socket.destroy();
  }
}

/** One for a connection and the TLS on top of it; no two connections to one door share it. */
const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
