import type { Home } from '../../lake/home.ts';
import { ringToken } from '../../lake/ring-token.ts';
import { tlsFolder } from '../../tls/folder.ts';
import { isLoopback, readRingTls } from '../../tls/host-files.ts';
import { SHARDS } from '../sharded/door-identity.ts';
import type { ShardingOptions } from '../sharded/with-shards.ts';
import type { Logger } from '../../stages/context.ts';
import { Turns } from '../batching/turns.ts';
import { WaitingBudget } from '../batching/waiting-budget.ts';
import { openCache } from '../cache/open-cache.ts';
import { Engines } from '../engine/engines.ts';
import { ModelManager } from '../models/model-manager.ts';
import type { ModelConfig } from '../model-config.ts';
import type { ServingObserver } from '../observer.ts';
import { Serving } from '../serving.ts';
import type { TrafficObserver } from '../traffic/observer.ts';
import { openTraffic, type OpenTraffic } from './traffic.ts';
import type { ServeOptions } from './options.ts';

export interface CoreParts {
  home: Home;
  options: ServeOptions;
  log: Logger;
  observer: ServingObserver;
  trafficObserver: TrafficObserver;
  /** Tells the workflow of an A/B test that there is something to look at. */
  nudge(test: string): Promise<void>;
  /** In every process that shares the ports. */
  reload(models: readonly ModelConfig[]): Promise<void>;
}

/** Models and what answers by them, without any door. Dispose of it when the doors are shut. */
export interface Core extends AsyncDisposable {
  service: Serving;
  manager: ModelManager;
  traffic: OpenTraffic;
  engine: Engines;
}

export async function openCore({
  home,
  options,
  log,
  observer,
  trafficObserver,
  nudge,
  reload,
}: CoreParts): Promise<Core> {
  const { batching, cacheBytes, config } = options;
  await using stack = new AsyncDisposableStack();
  const sharding = await shardingOf(home, options, log);
  const engine = stack.use(await Engines.start(log, sharding, { remembers: batching.enabled }));
  const cache =
    cacheBytes === 0 ? undefined : openCache({ maxBytes: cacheBytes, redisUrl: config.redisUrl, log });
  stack.defer(() => cache?.close());
  const share = {
    options: batching,
    budget: new WaitingBudget(batching.maxWaitingBytes),
    turns: new Turns(),
    observer,
  };
  const manager = stack.use(new ModelManager({ home, engine, share, log }));
  const traffic = stack.use(openTraffic({ home, manager, log, observer: trafficObserver, nudge }));
  const service = new Serving({
    ...{ manager, observer, cache, traffic: traffic.hooks, reload },
    maxWaiting: batching.maxWaiting,
  });
  await manager.start(options.models);
  const opened = stack.move();
  return { service, manager, traffic, engine, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

async function shardingOf(
  home: Home,
  { sharding: { memoryBytes, shards, hosts }, config }: ServeOptions,
  log: Logger,
): Promise<ShardingOptions> {
  if (hosts.length === 0) return { memoryBytes, shards, log };
  const areNear = hosts.every((address) => isLoopback(address.replace(/:\d+$/, '')));
  const tls = areNear ? undefined : await readRingTls(tlsFolder(config), config.slotHost);
  return {
    ...{ memoryBytes, log },
    elsewhere: { addresses: hosts, token: await ringToken(home, SHARDS), tls },
  };
}
