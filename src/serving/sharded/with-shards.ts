import { totalmem } from 'node:os';
import { Home } from '../../lake/home.ts';
import type { Engine } from '../engine/engine.ts';
import { warmUp } from '../engine/warm-up.ts';
import { arrangementFor, type Room } from './arrangement.ts';
import { shardedServable, type ShardedOptions } from './servable.ts';
import { servedFromHome } from './stored-weights.ts';

type Loader = Pick<Engine, 'load'>;

export interface ShardingOptions
  extends Omit<Room, 'memoryBytes'>, Pick<ShardedOptions, 'elsewhere' | 'log' | 'timing'> {
  /**
   * What a model may take in any one process, this or a shard's, the process included. Default: half of what this one
   * may have, since requests that wait and answers that are kept need room too.
   */
  memoryBytes?: number | undefined;
}

/**
 * Loads what has room in one process into the engine, and deals registered networks that have not to shards: on other
 * hosts where there are some, else in processes of this one.
 */
export function withShards(engine: Loader, options: ShardingOptions): Loader {
  const { elsewhere, log, timing, memoryBytes = halfOfOurs() } = options;
  const shards = elsewhere?.addresses.length ?? options.shards;
  return {
    load: async (source) => {
      if (source.kind !== 'registered') return engine.load(source);
      const home = await Home.open(source.root);
      const network = await servedFromHome(home, source.name, source.version);
      const arrangement = arrangementFor(network, { memoryBytes, shards });
      if (!arrangement) return engine.load(source);
      const sharded = await shardedServable({ network, arrangement, elsewhere, log, timing });
      return {
        ...sharded,
        warmUp: async (maxRows) => {
          await warmUp(sharded, Math.min(maxRows, arrangement.stages));
          return Infinity;
        },
      };
    },
  };
}

/** A container's limit, where there is one. */
const halfOfOurs = () => Math.min(process.constrainedMemory() || Infinity, totalmem()) / 2;
