import type { BenchOptions, Measure } from './measure.ts';
import { champion } from './serving/champion.ts';
import { grpc } from './serving/grpc.ts';
import { peers } from './serving/peers.ts';
import { soakPart } from './serving/soak.ts';

export const name = 'serving';

const PARTS: Record<string, (options: BenchOptions) => Promise<Measure[]>> = {
  peers,
  champion,
  grpc,
  soak: soakPart(30),
  'short-soak': soakPart(2),
};
export const parts = Object.keys(PARTS);

/** `serve` under load. The short soak is for machines that check every change; all else is what it stands for. */
export async function run(options: BenchOptions): Promise<Measure[]> {
  const wanted = options.only ?? parts.filter((part) => part !== 'short-soak');
  const results: Measure[] = [];
  for (const part of wanted) {
    options.say(part);
    results.push(...(await PARTS[part]!(options)));
  }
  return results;
}
