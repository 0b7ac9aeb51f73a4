import { parametersOf, type RegisteredNetwork } from '../../export/network.ts';

/** Where parameters are read from, one at a time; dispose of it. */
export interface WeightSource extends AsyncDisposable {
  read(name: string): Promise<Float32Array>;
}

/** Of a network that lies in memory whole. */
export function weightsInMemory(network: Pick<RegisteredNetwork, 'config' | 'weights'>): WeightSource {
  const parameterOf = parametersOf(network);
  return { read: async (name) => parameterOf(name).data, [Symbol.asyncDispose]: async () => undefined };
}
