import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../measure.ts';
import { Load } from './load.ts';
import type { LoadPlan, LoadResult } from './load-plan.ts';

/** One server under one load. */
export interface Side {
  name: string;
  plan: Omit<LoadPlan, 'seconds' | 'warmUpSeconds'>;
}

export interface Figures {
  /** Requests a second, median of the rounds. */
  rate: number;
  rateSpread: [number, number];
  p50Ms: number;
  p99Ms: number;
  p99Spread: [number, number];
  clientMicros: number;
}

export interface Rounds {
  rounds: number;
  seconds: number;
  warmUpSeconds: number;
}

const SETTLE_MS = 300;

/** All sides in turn, again and again, so that whatever else the machine does meets them alike. */
export async function alternate(
  sides: readonly Side[],
  { rounds, seconds, warmUpSeconds }: Rounds,
  say: (line: string) => void,
): Promise<Map<string, Figures>> {
  const load = new Load();
  const results = new Map(sides.map(({ name }) => [name, [] as LoadResult[]]));
  try {
    // The first round warms all of them up.
    for (let round = 0; round <= rounds; round++) {
      const said: string[] = [];
      for (const { name, plan } of sides) {
        const result = await load.run({ ...plan, seconds, warmUpSeconds });
        if (result.failures > 0) {
          throw new Error(`${name} failed ${result.failures} requests, the first with: ${result.failure}`);
        }
        if (round > 0) results.get(name)!.push(result);
        said.push(`${name} ${Math.round(result.requests / seconds)}/s, p99 ${result.p99Ms.toFixed(1)} ms`);
        await sleep(SETTLE_MS);
      }
      say(`  ${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`}: ${said.join('; ')}`);
    }
  } finally {
    load.close();
  }
  return new Map([...results].map(([name, all]) => [name, figuresOf(all)]));
}

function figuresOf(results: readonly LoadResult[]): Figures {
  const rates = results.map(({ requests, seconds }) => requests / seconds);
  const tails = results.map(({ p99Ms }) => p99Ms);
  return {
    rate: median(rates),
    rateSpread: [Math.min(...rates), Math.max(...rates)],
    p50Ms: median(results.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(tails),
    p99Spread: [Math.min(...tails), Math.max(...tails)],
    clientMicros: median(results.map(({ clientMicros }) => clientMicros)),
  };
}
