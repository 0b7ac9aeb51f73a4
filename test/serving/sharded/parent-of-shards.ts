import { servedFromMemory } from '../../../src/serving/sharded/served-network.ts';
import { shardedServable } from '../../../src/serving/sharded/servable.ts';
import { smallNetwork } from '../../export/small-network.ts';

/** Says the numbers of its shards' processes, and waits to be killed. */
const network = servedFromMemory(smallNetwork('plain'));
const servable = await shardedServable({ network, arrangement: { stages: 2, ranks: 1 } });
process.stdout.write(`${servable.pids().join(' ')}\n`);
setInterval(() => undefined, 1000);
