import type { Home } from '../../lake/home.ts';
import type { Logger } from '../../stages/context.ts';
import { Turns, WaitingBudget } from '../batching/queue.ts';
import { MemoryCache } from '../cache/memory-cache.ts';
import { RedisCache } from '../cache/redis-cache.ts';
import type { ResponseCache } from '../cache/response-cache.ts';
import { Engine } from '../engine/engine.ts';
import { ModelManager } from '../models/model-manager.ts';
import type { ModelConfig } from '../model-config.ts';
import type { ServingObserver } from '../observer.ts';
import { Serving } from '../serving.ts';
import { openTraffic, type OpenTraffic } from './traffic.ts';
import type { ServeOptions } from './options.ts';

export interface CoreParts {
  home: Home;
  options: ServeOptions;
  log: Logger;
  observer: ServingObserver;
  /** In every process that shares the ports. */
  reload(models: readonly ModelConfig[]): Promise<void>;
}

/** Models and what answers by them, without any door. Dispose of it when the doors are shut. */
export interface Core extends AsyncDisposable {
  service: Serving;
  manager: ModelManager;
  traffic: OpenTraffic;
  engine: Engine;
}

export async function openCore({ home, options, log, observer, reload }: CoreParts): Promise<Core> {
  const { batching } = options;
  const engine = await Engine.start();
  const share = {
    options: batching,
    budget: new WaitingBudget(batching.maxWaitingBytes),
    turns: new Turns(),
    observer,
  };
  const manager = new ModelManager({ home, engine, share, log });
  const traffic = openTraffic({ home, manager, log });
  const cache = cacheOf(options, log);
  const service = new Serving({ manager, observer, cache, traffic: traffic.hooks, reload });
  await manager.start(options.models);
  return {
    ...{ service, manager, traffic, engine },
    async [Symbol.asyncDispose]() {
      await traffic[Symbol.asyncDispose]();
      await manager[Symbol.asyncDispose]();
      await cache?.close();
      await engine[Symbol.asyncDispose]();
    },
  };
}

/** In Redis, where several processes and hosts share it, else in this process; or none at all. */
function cacheOf({ config, cacheBytes }: ServeOptions, log: Logger): ResponseCache | undefined {
  if (cacheBytes === 0) return undefined;
  return config.redisUrl === undefined
    ? new MemoryCache(cacheBytes)
    : new RedisCache({ url: config.redisUrl, log });
}
