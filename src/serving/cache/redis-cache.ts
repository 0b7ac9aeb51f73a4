import { Redis } from 'ioredis';
import type { Logger } from '../../stages/context.ts';
import { Outages } from './outages.ts';
import type { ResponseCache } from './response-cache.ts';

export interface RedisCacheOptions {
  /** `redis://` or `rediss://`, with the password if there is one: never logged. */
  url: string;
  log: Logger;
  /** An answer never goes stale, a model's hash is in its key: this only lets go of what nobody asks for. */
  ttlSeconds?: number;
  /** Larger answers are not worth the way there and back. */
  maxValueBytes?: number;
}

/** The number rises when the bytes of an entry come to mean something else. */
const PREFIX = 'ringwatt:answer:1:';
const PROBE_KEY = `${PREFIX}probe`;
/** Longer than this, computing the answer is the better way to it. */
const COMMAND_MS = 50;
const CONNECT_MS = 1000;
const RETRY_MS = { first: 100, longest: 5000 };
/** Between failing and being asked again. */
const PROBE_MS = 500;
/** Of writes under way. What comes beyond it is not kept: a slow Redis must not fill this process's memory. */
const MAX_UNWRITTEN_BYTES = 8 * 2 ** 20;

/**
 * Answers that several processes and hosts share. Redis that is away or slow is gone without: only the calls under way
 * when it stops answering wait for it, once, for `COMMAND_MS`; from then on nobody asks until it has answered a probe.
 */
export class RedisCache implements ResponseCache {
  readonly #redis: Redis;
  readonly #outages: Outages;
  readonly #ttlSeconds: number;
  readonly #maxValueBytes: number;
  #answers = false;
  #closed = false;
  #unwrittenBytes = 0;
  #probe: NodeJS.Timeout | undefined;

  constructor({ url, log, ttlSeconds = 3600, maxValueBytes = 2 ** 20 }: RedisCacheOptions) {
    const { host } = new URL(url);
    this.#outages = new Outages({
      away: (reason, before) => {
        const facts = { host, reason, ...(before > 0 && { before }) };
        log.warn(facts, 'Redis does not answer; predictions go on without its cache');
      },
      back: () => log.info({ host }, 'Redis answers again'),
    });
    this.#ttlSeconds = ttlSeconds;
    this.#maxValueBytes = maxValueBytes;
    this.#redis = new Redis(url, {
      connectTimeout: CONNECT_MS,
      commandTimeout: COMMAND_MS,
      // A command either goes out now or fails now.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(RETRY_MS.first * 2 ** Math.min(times, 10), RETRY_MS.longest),
    });
    this.#redis.on('ready', () => this.#isBack());
    this.#redis.on('error', (error: Error) => this.#isAway(error));
    this.#redis.on('close', () => this.#isAway(new Error('the connection was closed')));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    if (!this.#answers) return undefined;
    try {
      // Whatever somebody else has put there, no more than one answer is read of it; of what is not there, nothing.
      const value = await this.#redis.getrangeBuffer(PREFIX + key, 0, this.#maxValueBytes);
      return value.length > 0 && value.length <= this.#maxValueBytes ? value : undefined;
    } catch (error) {
      if (!isOfAnotherType(error as Error)) this.#failed(error as Error);
      return undefined;
    }
  }

  set(key: string, value: Uint8Array): void {
    const bytes = value.byteLength;
    if (!this.#answers || bytes > this.#maxValueBytes) return;
    if (this.#unwrittenBytes + bytes > MAX_UNWRITTEN_BYTES) return;
    this.#unwrittenBytes += bytes;
    const buffer = Buffer.from(value.buffer, value.byteOffset, bytes);
    this.#redis
      .set(PREFIX + key, buffer, 'EX', this.#ttlSeconds)
      .catch((error: Error) => this.#failed(error))
      .finally(() => (this.#unwrittenBytes -= bytes));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#answers = false;
    clearTimeout(this.#probe);
    this.#outages.close();
    this.#redis.disconnect();
  }

  /** A command failed though the connection stands: Redis hangs, is full, or is read-only. */
  #failed(error: Error): void {
    if (!this.#answers) return;
    this.#isAway(error);
    this.#probeLater();
  }

  #isAway({ message }: Error): void {
    this.#answers = false;
    if (!this.#closed) this.#outages.away(message);
  }

  #isBack(): void {
    if (this.#closed) return;
    this.#answers = true;
    this.#outages.back();
  }

  #probeLater(): void {
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => void this.#probeNow(), PROBE_MS);
    this.#probe.unref();
  }

  /** Writes, since one that is full or read-only would answer everything else. */
  async #probeNow(): Promise<void> {
    if (this.#closed || this.#redis.status !== 'ready') return;
    try {
      await this.#redis.set(PROBE_KEY, '', 'EX', 1);
      this.#isBack();
    } catch (error) {
      if (isReply(error as Error)) this.#probeLater();
      // What was asked over this connection is kept until it is answered: one that hangs is left for another.
      else this.#redis.disconnect(true);
    }
  }
}

const isReply = ({ name }: Error) => name === 'ReplyError';
const isOfAnotherType = (error: Error) => isReply(error) && error.message.startsWith('WRONGTYPE');
