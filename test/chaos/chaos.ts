import type { WorkflowHandle } from '@temporalio/client';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import {
  trainingSettings,
  type RingTrainingInput,
  type RingTrainingResult,
} from '../../src/contracts/training.ts';
import { ATTACKS, type AttackName } from './attacks.ts';
import { makeSequences } from './data.ts';
import { disturb, type Blow } from './disturb.ts';
import type { ChaosOptions } from './options.ts';
import { planAttacks } from './plan.ts';
import { weightsHash, World } from './world.ts';

export interface ChaosReport {
  kills: number;
  seed: number;
  ringSize: number;
  spares: number;
  steps: number;
  stepsLost: number;
  fullRestarts: number;
  restarts: number;
  hashes: { undisturbed: string; disturbed: string };
  /** Hashes are equal, every attack was made, and the loss of one slot cost a step at most. */
  holds: boolean;
  complaints: string[];
  seconds: { undisturbed: number; disturbed: number };
  done: Blow[];
  /** Attacks that this machine cannot make, with the reason. */
  leftOut: string[];
}

/** Bound by steps: a clock would end the two runs at different ones. */
const BUDGET_MINUTES = 10_080;
const CHECKPOINT_EVERY_STEPS = 4;
/** Long enough a step that there is something to break into, and that a run outlives its attacks. */
const SEQUENCES_PER_STEP = 2;

export async function chaos(
  options: ChaosOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<ChaosReport> {
  const { ringSize, spares, steps, elastic } = options;
  const slots = ringSize + spares;
  const settings = trainingSettings.parse({
    ringSize,
    elastic,
    maxSteps: steps,
    budgetMinutes: BUDGET_MINUTES,
    checkpointEverySteps: CHECKPOINT_EVERY_STEPS,
    sequencesPerStep: SEQUENCES_PER_STEP,
    width: 64,
    layers: 2,
    heads: 2,
  });
  say(`services on a home of their own: ${slots} slots, of which ${ringSize} make the ring`);
  await using world = await World.open({ slots, logs: options.logs }, signal);
  const sequences = await makeSequences(world, signal);
  const input: RingTrainingInput = { sequences, settings, pool: 'default' };
  say(`${steps} steps undisturbed`);
  const undisturbed = await train(world, 'undisturbed', input, signal);
  say(`  ${undisturbed.seconds.toFixed(1)} s, weights ${undisturbed.hash.slice(0, 16)}…`);
  await world.forgetTraining(signal);

  const leftOut: string[] = [];
  const kinds = kindsOf(options, world, leftOut);
  for (const line of leftOut) say(`left out: ${line}`);
  const planned = planAttacks(kinds, { ...options, slots: ringSize });
  say(`the same, with ${options.kills} attacks drawn by seed ${options.seed}`);
  let done: Blow[] = [];
  const disturbed = await train(world, 'disturbed', input, signal, async (run, isOver) => {
    const stepMs = (undisturbed.seconds * 1000) / steps;
    const checkpointEverySteps = CHECKPOINT_EVERY_STEPS;
    done = await disturb({ world, run, isOver, steps, stepMs, checkpointEverySteps, say, signal }, planned);
  });
  const { stepsLost, fullRestarts, restarts } = disturbed.result;
  say(`  ${disturbed.seconds.toFixed(1)} s, weights ${disturbed.hash.slice(0, 16)}…`);
  const complaints = complaintsAbout(options, done, [undisturbed.hash, disturbed.hash]);
  return {
    kills: done.length,
    seed: options.seed,
    ringSize,
    spares,
    steps,
    stepsLost,
    fullRestarts,
    restarts,
    hashes: { undisturbed: undisturbed.hash, disturbed: disturbed.hash },
    holds: complaints.length === 0,
    complaints,
    seconds: { undisturbed: undisturbed.seconds, disturbed: disturbed.seconds },
    done,
    leftOut,
  };
}

interface Trained {
  result: RingTrainingResult;
  hash: string;
  seconds: number;
}

/** Trains to the end; `meanwhile` may disturb it. */
async function train(
  world: World,
  name: string,
  input: RingTrainingInput,
  signal: AbortSignal,
  meanwhile?: (run: WorkflowHandle, isOver: () => boolean) => Promise<void>,
): Promise<Trained> {
  const began = performance.now();
  const run = await world.startTraining(name, input);
  let over = false;
  const ended = world.resultOf(run, signal).finally(() => (over = true));
  const [result] = await Promise.all([ended, meanwhile?.(run, () => over)]);
  const model: ArtifactReference = result.model;
  return {
    result,
    hash: await weightsHash(world.home, model),
    seconds: Math.round((performance.now() - began) / 100) / 10,
  };
}

function kindsOf({ only, elastic }: ChaosOptions, world: World, leftOut: string[]): AttackName[] {
  const all = Object.keys(ATTACKS) as AttackName[];
  return all.filter((name) => {
    if (only && !only.includes(name)) return false;
    // Without a spare the ring would wait for ever for a slot that does not come back.
    if (name === 'slot taken away') return elastic;
    if (name !== 'full disk' || world.hasOwnDisk) return true;
    leftOut.push('full disk (a file system of its own needs Linux and root)');
    return false;
  });
}

export function complaintsAbout(
  { kills, elastic }: ChaosOptions,
  done: readonly Blow[],
  [calm, shaken]: string[],
): string[] {
  const costly = done.filter(
    // A ring of one has no neighbour to take the state from.
    ({ slot, ringSize, stepsLost, fullRestarts }) =>
      slot && ringSize > 1 && (stepsLost > 1 || fullRestarts > 0),
  );
  return [
    ...(calm === shaken || elastic ? [] : ['the weights differ']),
    ...(done.length === kills
      ? []
      : [`the run ended after ${done.length} of ${kills} attacks: give it more --steps`]),
    ...costly.map(
      ({ name, slot, step, stepsLost }) => `${name} (${slot}) at step ${step} cost ${stepsLost} steps`,
    ),
  ];
}
