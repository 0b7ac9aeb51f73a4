import { BadInputError } from '../../errors.ts';
import type { RegisteredNetwork } from '../../export/network.ts';
import { shardBytes } from './memory.ts';
import type { Arrangement } from './place.ts';

/** More processes for one model nobody has tried. */
const MOST_SHARDS = 64;

export interface Room {
  /** Of one process, for one model. */
  memoryBytes: number;
  /** Exactly so many; absent: as few as will do. */
  shards?: number | undefined;
}

/**
 * How a network is dealt out so that each shard has room: undefined when one process has. Hours are dealt before layers:
 * ranks of a ring all compute at the same time, stages one after another.
 */
export function arrangementFor(
  network: Pick<RegisteredNetwork, 'model' | 'version' | 'config' | 'sequenceLength'>,
  { memoryBytes, shards }: Room,
): Arrangement | undefined {
  const fits = (arrangement: Arrangement) => shardBytes(network, arrangement) <= memoryBytes;
  if (fits({ stages: 1, ranks: 1 })) return undefined;
  const counts = shards === undefined ? Array.from({ length: MOST_SHARDS - 1 }, (_, i) => i + 2) : [shards];
  const all = counts.flatMap((count) => arrangementsOf(count, network.config.layers));
  const found = all.find(fits);
  if (found) return found;
  const least = Math.min(...all.map((arrangement) => shardBytes(network, arrangement)));
  throw new BadInputError(
    `${network.model} version ${network.version} needs ${inMb(least)} MB in each of ${counts.at(-1)} shards, and ${inMb(memoryBytes)} MB are given.`,
    shards === undefined ? 'Give each process more memory.' : 'Give more shards, or each more memory.',
  );
}

/** All ways to part a count into stages and ranks, fewest stages first. */
function arrangementsOf(count: number, layers: number): Arrangement[] {
  const stages = Array.from({ length: Math.min(count, layers) }, (_, i) => i + 1);
  return stages.filter((each) => count % each === 0).map((each) => ({ stages: each, ranks: count / each }));
}

const inMb = (bytes: number) => Math.ceil(bytes / 2 ** 20);
