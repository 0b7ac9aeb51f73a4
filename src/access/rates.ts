import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { BurstyRateLimiter, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ServingProblem } from '../serving/problem.ts';
import type { AccessOptions } from './options.ts';

const MINUTE_S = 60;

/** How much one caller may send. */
export class CallerRate {
  readonly #limiter: BurstyRateLimiter;

  constructor({ requestsPerMinute, burst }: Pick<AccessOptions, 'requestsPerMinute' | 'burst'>) {
    // In steps of about a second, or of one request: a minute's worth at once is what `burst` is for.
    const points = Math.max(1, Math.floor(requestsPerMinute / MINUTE_S));
    const evenly = { points, duration: (points * MINUTE_S) / requestsPerMinute };
    this.#limiter = new BurstyRateLimiter(
      new RateLimiterMemory({ keyPrefix: '', ...evenly }),
      new RateLimiterMemory({ keyPrefix: '', points: burst, duration: MINUTE_S }),
    );
  }

  /** @throws ServingProblem RESOURCE_EXHAUSTED */
  async spend(caller: string): Promise<void> {
    try {
      await this.#limiter.consume(caller);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw exhausted('More requests than this caller may send.', error);
    }
  }
}

/** Addresses share so many counters, so that whoever has many of them cannot fill the memory. */
const COUNTERS = 2 ** 16;

/** How often an address may be wrong about who it is. */
export class FailureRate {
  readonly #limiter: RateLimiterMemory;

  constructor({ failuresPerMinute }: Pick<AccessOptions, 'failuresPerMinute'>) {
    this.#limiter = new RateLimiterMemory({ keyPrefix: '', points: failuresPerMinute, duration: MINUTE_S });
  }

  /** @throws ServingProblem RESOURCE_EXHAUSTED where the address was wrong too often already */
  async check(address: string): Promise<void> {
    const found = await this.#limiter.get(counterOf(address));
    if (found && found.consumedPoints >= this.#limiter.points) {
      throw exhausted('Too many wrong keys or tokens from this address.', found);
    }
  }

  /** Whether this is the first within a minute, or the one after which the address must wait: what is worth a line. */
  async count(address: string): Promise<boolean> {
    const { consumedPoints } = await this.#limiter.penalty(counterOf(address));
    return consumedPoints === 1 || consumedPoints === this.#limiter.points;
  }
}

function counterOf(address: string): number {
  return createHash('sha256').update(networkOf(address)).digest().readUInt32LE() % COUNTERS;
}

/** One line has 2⁶⁴ IPv6 addresses to take turns with. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 4 }, () => '0');
  return [...front, ...zeros].slice(0, 4).map((group) => Number.parseInt(group, 16)).join(':'); // prettier-ignore
}

function exhausted(what: string, { msBeforeNext }: RateLimiterRes): ServingProblem {
  // A clock that was set back makes the end of a window look hours away; it ends by a timer all the same.
  const seconds = Math.min(MINUTE_S, Math.max(1, Math.ceil(msBeforeNext / 1000)));
  return new ServingProblem('RESOURCE_EXHAUSTED', `${what} Try again in ${seconds} s.`, seconds);
}
