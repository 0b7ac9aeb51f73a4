import type { Measure } from '../measure.ts';
import { DATA, NETWORK, RING_SIZE, trainLocally, withHome } from './training.ts';

/** A year, and seven. */
const HOURS = [8760, 61_344] as const;
const MOST_GROWTH = 7.5;

export interface MemoryOptions {
  say(line: string): void;
  hours?: readonly [number, number];
}

/**
 * The peak resident set of the slot that takes most, in a step on a year and in one on seven, each on processes of its
 * own. Seven times the tokens take at most seven times the memory where it is linear; the growth is of the whole
 * process, the runtime with it.
 */
export async function measureMemory({ say, hours = HOURS }: MemoryOptions): Promise<Measure[]> {
  return withHome(async (home) => {
    const taken: number[] = [];
    for (const length of hours) {
      const run = { runId: `memory-${length}`, steps: 1 };
      const { results, seconds } = await trainLocally(home, { hours: length, ...DATA }, run);
      taken.push(Math.max(...results.map(({ memoryMb }) => memoryMb)));
      say(`${length} hours: ${taken.at(-1)} MB a slot, the step took ${seconds.toFixed(1)} s`);
    }
    const growth = taken[1]! / taken[0]!;
    return [
      {
        measure: `memory a slot, ${hours.join(' → ')} tokens, ring of ${RING_SIZE}, ${NETWORK.layers} layers of ${NETWORK.width}`,
        ours: Math.round(growth * 100) / 100,
        peer: null,
        theirs: MOST_GROWTH,
        unit: 'times',
        ratio: MOST_GROWTH / growth,
        floor: 1,
        holds: growth <= MOST_GROWTH,
        note: `${taken.join(' → ')} MB, peak resident set`,
      },
    ];
  });
}
