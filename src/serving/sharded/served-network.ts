import type { RegisteredNetwork } from '../../export/network.ts';
import { weightsInMemory, type WeightSource } from './weight-source.ts';

/** A network of which the weights are read when a shard needs them, and never held whole by who serves it. */
export interface ServedNetwork extends Omit<RegisteredNetwork, 'weights'> {
  weights(): Promise<WeightSource>;
}

/** Of one that lies in memory. */
export function servedFromMemory({ weights, ...network }: RegisteredNetwork): ServedNetwork {
  return { ...network, weights: async () => weightsInMemory({ config: network.config, weights }) };
}
