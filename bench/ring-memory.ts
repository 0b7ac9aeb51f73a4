import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainingSettings, type SegmentResult } from '../src/contracts/training.ts';
import { Home } from '../src/lake/home.ts';
import { LocalRing } from '../src/training/slots/local-ring.ts';
import type { BenchOptions, Measure } from './measure.ts';
import { inventSequences } from './ring/invented-sequences.ts';

export const name = 'ring-memory';

const HOURS = [2190, 4380, 8760, 17_520];
const RING_SIZES = [2, 4];
/** What the sequences stage cuts: its features, masks and context channels. */
const CHANNELS = 311;
const HORIZON = 48;
/** A process that has trained on this is all base and no sequence. */
const BASE_HOURS = 48;

/** Memory that doubles with the sequence has growth 1, memory of a tokens × tokens matrix 2. */
const MOST_GROWTH = 1.3;

/**
 * Memory a slot against sequence length, the network being that of the preset `default`. Every figure is the peak
 * resident set of processes started for it alone, which train one step (two at 8,760 hours, so that the second one
 * has met the first one's weights) on invented numbers: what the numbers are changes nothing about memory.
 */
export async function run({ say }: BenchOptions): Promise<Measure[]> {
  const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-ring-memory-')));
  try {
    const measures: Measure[] = [];
    for (const ringSize of RING_SIZES) {
      const base = await memoryOf(home, ringSize, BASE_HOURS, 1);
      say(`ring ${ringSize}: ${base.memoryMb} MB a slot before there is a sequence to speak of`);
      const above: number[] = [];
      for (const hours of HOURS) {
        const slot = await memoryOf(home, ringSize, hours, hours === 8760 ? 2 : 1);
        above.push(slot.memoryMb - base.memoryMb);
        say(
          `ring ${ringSize}, ${hours} hours: ${slot.memoryMb} MB a slot, loss ${slot.loss.toFixed(4)} after ${slot.step} steps, ${slot.tokensPerSecond} tokens/s`,
        );
        measures.push({
          measure: `memory a slot, ${hours} hours, ring ${ringSize}`,
          ours: slot.memoryMb,
          peer: null,
          theirs: null,
          unit: 'MB',
          ratio: null,
          floor: 0,
          holds: null,
          note: `a figure, judged by its growth below; one layer's scores alone would be ${scoresMb(hours, ringSize)} MB; ${slot.tokensPerSecond} tokens/s`,
        });
      }
      const growth = Math.log2(above.at(-1)! / above.at(-3)!) / 2;
      measures.push({
        measure: `growth of memory with sequence length, ring ${ringSize} (1 is linear, 2 quadratic)`,
        ours: Math.round(growth * 100) / 100,
        peer: null,
        theirs: MOST_GROWTH,
        unit: 'exponent',
        ratio: MOST_GROWTH / growth,
        floor: 1,
        holds: growth <= MOST_GROWTH,
        note: `from ${HOURS.at(-3)} to ${HOURS.at(-1)} hours, above the ${base.memoryMb} MB of an idle slot`,
      });
    }
    return measures;
  } finally {
    await rm(home.root, { recursive: true, force: true });
  }
}

/** This rank's rows of the scores of all heads of one layer, in float32. */
const scoresMb = (hours: number, ringSize: number) =>
  Math.round((4 * hours * (hours / ringSize) * 4) / 2 ** 20);

/** The slot that took most. */
async function memoryOf(home: Home, ringSize: number, hours: number, steps: number): Promise<SegmentResult> {
  const sequences = await inventSequences(home, { hours, channels: CHANNELS, horizon: HORIZON });
  const settings = trainingSettings.parse({ preset: 'default', ringSize, maxSteps: steps });
  await using ring = await LocalRing.start({ worldSize: ringSize, home: home.root });
  const outcomes = await ring.train({
    runId: `memory-${ringSize}-${hours}`,
    sequences,
    settings,
    secondsUsed: 0,
    segmentSeconds: 24 * 3600,
  });
  const results = outcomes.map((outcome) => {
    if ('failure' in outcome) throw new Error(`${outcome.failure.name}: ${outcome.failure.message}`);
    return outcome.result;
  });
  return results.reduce((most, result) => (result.memoryMb > most.memoryMb ? result : most));
}
