import type { FastifyInstance } from 'fastify';
import { ServingProblem } from '../problem.ts';

/** Of all requests of one process that are received or answered at once. */
const RECEIVED_BYTES = 512 * 2 ** 20;
const BUSY_SECONDS = 1;

/** Bytes of bodies that a process holds; its doors share one. */
export class Receiving {
  readonly #most: number;
  #held = 0;

  constructor(most = RECEIVED_BYTES) {
    this.#most = most;
  }

  /** @returns false where there is no room; nothing is held then */
  hold(bytes: number): boolean {
    // One alone is let in whatever its size: limits of one request stand elsewhere.
    if (this.#held > 0 && this.#held + bytes > this.#most) return false;
    this.#held += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }
}

/** Of this process. */
export const OF_ALL_DOORS = new Receiving();

/**
 * Each body may be large and there may be thousands at once: beyond what one process holds, requests are refused before
 * a byte of them is read. A body that does not say how long it is counts as it comes, and is cut off.
 */
export function boundReceived(app: FastifyInstance, receiving = OF_ALL_DOORS): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    const told = Number(request.headers['content-length'] ?? 0);
    // What is larger than one may be is refused without being read.
    const isRead = told <= request.routeOptions.bodyLimit;
    let held = 0;
    const hold = (bytes: number) => {
      if (!receiving.hold(bytes)) return false;
      held += bytes;
      return true;
    };
    if (isRead && !hold(told)) {
      done(tooMuch());
      return;
    }
    if (request.headers['transfer-encoding'] !== undefined) {
      request.raw.on('data', (bytes: Buffer) => {
        if (!hold(bytes.length)) request.raw.destroy();
      });
    }
    reply.raw.once('close', () => receiving.release(held));
    done(null, payload);
  });
}

export const tooMuch = () =>
  new ServingProblem('RESOURCE_EXHAUSTED', 'Too much is being received. Try again later.', BUSY_SECONDS);
