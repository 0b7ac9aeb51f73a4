import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainingSettings, type SegmentProgress, type SegmentResult } from '../../src/contracts/training.ts';
import { Home } from '../../src/lake/home.ts';
import { LocalRing } from '../../src/training/slots/local-ring.ts';
import { inventSequences, type InventedSequences } from './invented-sequences.ts';

/** The network of the comparison with PyTorch. */
export const NETWORK = { layers: 4, width: 256, heads: 4 };
export const DATA = { channels: 149, horizon: 48 };
export const RING_SIZE = 2;
/** One slot for each of the two cores that the peers have. */
export const THREADS = { RINGWATT_THREADS: '1' };

export const settingsFor = (maxSteps: number) =>
  trainingSettings.parse({
    preset: 'default',
    ...NETWORK,
    ringSize: RING_SIZE,
    maxSteps,
    // Nothing here is to be stopped by the clock.
    budgetMinutes: 24 * 60,
  });

export async function withHome<T>(work: (home: Home) => Promise<T>): Promise<T> {
  const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-bench-')));
  try {
    return await work(home);
  } finally {
    await rm(home.root, { recursive: true, force: true });
  }
}

export interface LocalOutcome {
  results: SegmentResult[];
  /** Rank 0's word after every step. */
  progress: SegmentProgress[];
  /** From the order to train to the last rank's end; starting the processes is not in it. */
  seconds: number;
}

/** A new run on a ring of slot processes without Temporal, from the seed. */
export async function trainLocally(
  home: Home,
  sequences: InventedSequences,
  { runId, steps }: { runId: string; steps: number },
): Promise<LocalOutcome> {
  const dataset = await inventSequences(home, sequences);
  const progress: SegmentProgress[] = [];
  await using ring = await LocalRing.start({
    worldSize: RING_SIZE,
    home: home.root,
    environment: THREADS,
    onProgress: (rank, news) => {
      if (rank === 0) progress.push(news);
    },
  });
  const began = performance.now();
  const outcomes = await ring.train({
    runId,
    sequences: dataset,
    settings: settingsFor(steps),
    secondsUsed: 0,
    segmentSeconds: 24 * 3600,
  });
  const seconds = (performance.now() - began) / 1000;
  const results = outcomes.map((outcome) => {
    if ('failure' in outcome) throw outcome.failure;
    return outcome.result;
  });
  return { results, progress, seconds };
}

/** Seconds of each step but the first, which pays for compiling and for memory. */
export const stepSeconds = (progress: readonly SegmentProgress[]): number[] =>
  progress.slice(1).map(({ secondsUsed }, index) => secondsUsed - progress[index]!.secondsUsed);
