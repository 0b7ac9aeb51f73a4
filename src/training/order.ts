import { permutation, randomOf } from '../model/random.ts';

/**
 * Which of `count` sequences is the n-th that a run trains on, counted over all its steps: in every epoch each once,
 * in an order that is a pure function of dataset, seed and epoch.
 */
export function sequenceAt(datasetSha256: string, seed: number, n: number, count: number): number {
  const epoch = Math.floor(n / count);
  return orderOf(datasetSha256, seed, epoch, count)[n % count]!;
}

let last: { name: string; order: number[] } | undefined;

function orderOf(datasetSha256: string, seed: number, epoch: number, count: number): number[] {
  const name = `${datasetSha256} ${seed} ${epoch} ${count}`;
  if (last?.name !== name) {
    last = { name, order: permutation(randomOf('order', datasetSha256, seed, epoch), count) };
  }
  return last.order;
}
