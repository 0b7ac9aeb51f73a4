import { setTimeout as sleep } from 'node:timers/promises';
import { trainingStatusQuery } from '../../src/temporal/messages.ts';
import type { WorkflowHandle } from '@temporalio/client';
import { lostAndFound, type JournalEntry } from '../../src/training/recovery/journal.ts';
import { ATTACKS, type Attack, type AttackName } from './attacks.ts';
import type { PlannedAttack } from './plan.ts';
import type { World } from './world.ts';

/** What one attack was, and what it cost. */
export interface Blow {
  name: AttackName;
  slot: string | null;
  /** The step in hand, and how many slots had it. */
  step: number;
  ringSize: number;
  /** Since the training began. */
  atSeconds: number;
  /** Until the next step was in hand. */
  recoveredSeconds: number;
  stepsLost: number;
  fullRestarts: number;
}

const LOOK_EVERY_MS = 25;
/** While the server or the workflows' worker is away, what the ring was before counts. */
const ANSWER_MS = 200;
/** A supervisor gives up a service that does not answer after 20 s; whatever takes longer than this is no recovery. */
const RECOVERY_MS = 90_000;

export interface Battle {
  world: World;
  run: WorkflowHandle;
  /** True once the run has ended, one way or the other. */
  isOver: () => boolean;
  steps: number;
  stepMs: number;
  checkpointEverySteps: number;
  say: (line: string) => void;
  signal: AbortSignal;
}

/** Does what was planned, one after another: each waits for the run to have got over the one before. */
export async function disturb(battle: Battle, planned: readonly PlannedAttack[]): Promise<Blow[]> {
  const began = performance.now();
  const blows: Blow[] = [];
  const waiting = [...planned];
  let ring: string[] = [];
  while (waiting.length > 0) {
    const { atStep, phase, slot: place } = waiting[0]!;
    await until(battle, async () => ((await newest(battle))?.begun ?? 0) > atStep, Infinity);
    if (battle.isOver()) break;
    await sleep(phase * battle.stepMs, undefined, { signal: battle.signal });
    ring = (await slotsOf(battle)) ?? ring;
    const slot = ring[place % ring.length];
    if (slot === undefined) continue;
    const next = await firstPossible(battle.world, waiting, slot);
    if (next === undefined) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: battle.signal });
      continue;
    }
    waiting.splice(waiting.indexOf(next), 1);
    blows.push(await strike(battle, next.name, slot, began));
    say(battle, blows.at(-1)!, planned.length, blows.length);
  }
  return blows;
}

async function strike(battle: Battle, name: AttackName, slot: string, began: number): Promise<Blow> {
  const attack: Attack = ATTACKS[name];
  const before = (await battle.world.journal()) ?? [];
  const at = performance.now();
  const undo = await attack.strike(battle.world, slot);
  const recovered = await until(battle, () => isOver(battle, attack, name, before.at(-1)), RECOVERY_MS);
  await undo?.();
  if (!recovered)
    throw new Error(`The run did not get over the loss of: ${name} (${slot}) in ${RECOVERY_MS / 1000} s.`);
  const after = await battle.world.journal();
  const cost = after.length < before.length ? lostAndFound(before) : lostAndFound(after);
  const earlier = lostAndFound(before);
  return {
    name,
    slot: attack.oneSlot ? slot : null,
    step: before.at(-1)?.begun ?? 0,
    ringSize: before.at(-1)?.ringSize ?? 0,
    atSeconds: seconds(at - began),
    recoveredSeconds: seconds(performance.now() - at),
    stepsLost: cost.stepsLost - earlier.stepsLost,
    fullRestarts: cost.fullRestarts - earlier.fullRestarts,
  };
}

/** The ring has formed anew and does a step, or the run, which did not break, has gone on. */
async function isOver(
  battle: Battle,
  { breaks }: Attack,
  name: AttackName,
  before: JournalEntry | undefined,
): Promise<boolean> {
  const now = await newest(battle);
  if (!now || !before) return false;
  if (breaks) return now.epoch > before.epoch && now.begun > now.resumedAt;
  // A disk that is full shows when the next checkpoint is due; the last one waits for room.
  const steps = name === 'full disk' ? battle.checkpointEverySteps + 1 : 1;
  return now.epoch > before.epoch || now.begun >= Math.min(before.begun + steps, battle.steps);
}

const newest = async ({ world }: Battle) => (await world.journal()).at(-1);

/** Slots of the ring, as their services are called; undefined while no worker answers. */
async function slotsOf({ world, run }: Battle): Promise<string[] | undefined> {
  const status = await world.client
    .withAbortSignal(AbortSignal.timeout(ANSWER_MS), () => run.query(trainingStatusQuery))
    .catch(() => undefined);
  return status?.slots.map(({ queue }) => `slot-${queue.split('/').at(-1)}`);
}

async function firstPossible(
  world: World,
  waiting: readonly PlannedAttack[],
  slot: string,
): Promise<PlannedAttack | undefined> {
  for (const each of waiting) {
    const attack: Attack = ATTACKS[each.name];
    if (await attack.isPossible(world, slot)) return each;
  }
  return undefined;
}

/** False when the time ran out first. */
async function until(battle: Battle, holds: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  const began = performance.now();
  while (!battle.isOver() && !(await holds())) {
    if (performance.now() - began > limitMs) return false;
    await sleep(LOOK_EVERY_MS, undefined, { signal: battle.signal });
  }
  return true;
}

function say({ say: tell }: Battle, blow: Blow, kills: number, number: number): void {
  const { name, slot, step, atSeconds, recoveredSeconds, stepsLost, fullRestarts } = blow;
  const cost = `${stepsLost} ${stepsLost === 1 ? 'step' : 'steps'} again${fullRestarts > 0 ? ', from a checkpoint' : ''}`;
  tell(
    `${`${number}/${kills}`.padStart(6)}  ${atSeconds.toFixed(1).padStart(6)} s  step ${String(step).padStart(3)}  ` +
      `${(slot ? `${name} (${slot})` : name).padEnd(26)} going on after ${recoveredSeconds.toFixed(1)} s, ${cost}`,
  );
}

const seconds = (ms: number) => Math.round(ms / 100) / 10;
