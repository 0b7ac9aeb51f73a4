import type { Logger } from '../../stages/context.ts';
import { LayeredCache } from './layered-cache.ts';
import { MemoryCache } from './memory-cache.ts';
import { RedisCache } from './redis-cache.ts';
import type { ResponseCache } from './response-cache.ts';

export interface CacheOptions {
  /** Of this process's memory. */
  maxBytes: number;
  /** Shared with other processes and hosts; absent: each keeps its own. */
  redisUrl?: string | undefined;
  log: Logger;
}

export function openCache({ maxBytes, redisUrl, log }: CacheOptions): ResponseCache {
  const memory = new MemoryCache(maxBytes);
  return redisUrl === undefined ? memory : new LayeredCache(memory, new RedisCache({ url: redisUrl, log }));
}
