import { loadConfig } from '../../src/config/config.ts';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import type { Home } from '../../src/lake/home.ts';
import { planServices } from '../../src/stack/plan.ts';
import { Stack } from '../../src/stack/stack.ts';
import { connect } from '../../src/temporal/connection.ts';
import { workflowIds } from '../../src/temporal/names.ts';
import { startTraining } from '../../src/temporal/runs.ts';
import { median, type Measure } from '../measure.ts';
import { inventSequences, type InventedSequences } from './invented-sequences.ts';
import { DATA, RING_SIZE, settingsFor, stepSeconds, trainLocally, withHome } from './training.ts';

const STEPS = 200;
const MOST = 1.03;
const SHORTEST_STEP_SECONDS = 1;
/** Tried from the first on, until a step is long enough on this machine. */
const HOURS = [2184, 2912, 3640, 4368, 5460, 6552, 7644, 8760, 10_920, 13_104, 17_520, 26_280];

export interface TemporalOptions {
  say(line: string): void;
  steps?: number;
  shortest?: number;
}

/** Wall time of a run that Temporal carries, from the call that starts it to its result, against the ring alone. */
export async function measureTemporal({
  say,
  steps = STEPS,
  shortest = SHORTEST_STEP_SECONDS,
}: TemporalOptions): Promise<Measure[]> {
  return withHome(async (home) => {
    const hours = await lengthFor(home, shortest, say);
    const sequences = { hours, ...DATA };
    const alone = async (runId: string) => {
      const { progress, seconds: total } = await trainLocally(home, sequences, { runId, steps });
      const step = median(stepSeconds(progress));
      say(`${steps} steps without Temporal: ${total.toFixed(1)} s, ${step.toFixed(2)} s a step`);
      return { total, step };
    };
    // Before and after, so that a machine that slows down or speeds up meanwhile favours neither.
    const before = await alone('before');
    const carried = await trainThroughTemporal(home, sequences, steps, say);
    say(`${steps} steps through Temporal: ${carried.toFixed(1)} s`);
    const after = await alone('after');
    const without = (before.total + after.total) / 2;
    const cost = carried / without;
    return [
      {
        measure: `wall time of a run through Temporal, ${steps} steps, ${hours} tokens, ring of ${RING_SIZE}`,
        ours: Math.round(cost * 1000) / 1000,
        peer: null,
        theirs: MOST,
        unit: 'of the time without it',
        ratio: MOST / cost,
        floor: 1,
        holds: cost <= MOST,
        note: `${carried.toFixed(1)} s against ${before.total.toFixed(1)} s before it and ${after.total.toFixed(1)} s after it, ${before.step.toFixed(2)} s a step`,
      },
    ];
  });
}

async function lengthFor(home: Home, shortest: number, say: (line: string) => void): Promise<number> {
  for (const hours of HOURS) {
    const { progress } = await trainLocally(home, { hours, ...DATA }, { runId: `try-${hours}`, steps: 3 });
    const seconds = Math.min(...stepSeconds(progress));
    say(`${hours} tokens: ${seconds.toFixed(2)} s a step`);
    // Some room, so that none of the steps is shorter.
    if (seconds >= 1.1 * shortest) return hours;
  }
  return HOURS.at(-1)!;
}

async function trainThroughTemporal(
  home: Home,
  sequences: InventedSequences,
  steps: number,
  say: (line: string) => void,
): Promise<number> {
  const dataset = await inventSequences(home, sequences);
  const config = loadConfig({ home: home.root, slots: RING_SIZE, threads: 1 });
  const plan = () => planServices(home, config, { slots: RING_SIZE, say });
  say('starting the services');
  const never = new AbortController().signal;
  const stack = await Stack.start(home, plan, { purpose: 'bench', say }, never);
  try {
    const { client, connection } = await connect(stack.config);
    try {
      await warmUp(client, dataset);
      say('the slots are warm');
      return await seconds(async () => {
        const run = await startTraining(client, {
          workflowId: workflowIds.ringTraining('bench'),
          input: { sequences: dataset, settings: settingsFor(steps) },
          summary: 'The bench: what Temporal costs',
        });
        await run.result;
      });
    } finally {
      await connection.close();
    }
  } finally {
    await stack.stop();
  }
}

/** A run of one step: the slots have come to the pool, their processes are warm, as those of the other side are. */
async function warmUp(
  client: Parameters<typeof startTraining>[0],
  sequences: ArtifactReference,
): Promise<void> {
  const run = await startTraining(client, {
    workflowId: workflowIds.ringTraining('bench-warm-up'),
    input: { sequences, settings: settingsFor(1) },
    summary: 'The bench: warming up',
  });
  await run.result;
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
