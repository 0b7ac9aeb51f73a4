import { open, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { drainSignal, slotsQuery } from '../../src/temporal/messages.ts';
import { workflowIds } from '../../src/temporal/names.ts';
import { isAlive, signalGroup, type ProcessIdentity } from '../../src/stack/process-identity.ts';
import { checkpointsOf } from '../../src/training/recovery/checkpoint-folder.ts';
import { childrenOf, type World } from './world.ts';

/** Longer than the eight seconds after which a neighbour's silence breaks a ring, shorter than a supervisor's patience. */
const PAUSE_MS = 11_000;
const FILLER = 'checkpoints/filler';

export interface Attack {
  /** One slot's loss: it may cost a step, and no more. */
  oneSlot: boolean;
  /** Whether it breaks the ring; otherwise the run goes on under the same epoch. */
  breaks: boolean;
  /** What it needs is there. */
  isPossible(world: World, slot: string): Promise<boolean> | boolean;
  /** Does it; what is returned undoes it once the run has recovered. */
  strike(world: World, slot: string): Promise<(() => Promise<void>) | void> | void;
}

const kill = (...processes: (ProcessIdentity | undefined)[]) => {
  for (const target of processes) if (target && isAlive(target)) process.kill(target.pid, 'SIGKILL');
};
const lives = (name: string) => (world: World) => world.isReady(name);
const slotLives = (world: World, slot: string) => world.isReady(slot) && computing(world, slot).length > 0;
const computing = (world: World, slot: string) => {
  const worker = world.service(slot);
  return worker ? childrenOf(worker) : [];
};
/** The workers and what computes for them, in one go: nobody holds the run any more. */
const killAllSlots = (world: World) =>
  kill(...world.slotNames.flatMap((slot) => [...computing(world, slot), world.service(slot)]));

export const ATTACKS = {
  'slot process': {
    oneSlot: true,
    breaks: true,
    isPossible: slotLives,
    strike: (world, slot) => kill(...computing(world, slot)),
  },
  'slot worker': {
    oneSlot: true,
    breaks: true,
    isPossible: slotLives,
    strike: (world, slot) => kill(world.service(slot)),
  },
  'paused slot': {
    oneSlot: true,
    breaks: true,
    isPossible: slotLives,
    async strike(world, slot) {
      const worker = world.service(slot)!;
      signalGroup(worker, 'SIGSTOP');
      await sleep(PAUSE_MS);
      signalGroup(worker, 'SIGCONT');
    },
  },
  'pipeline worker': {
    oneSlot: false,
    breaks: false,
    isPossible: lives('pipeline-worker'),
    strike: (world) => kill(world.service('pipeline-worker')),
  },
  'Temporal server': {
    oneSlot: false,
    breaks: false,
    isPossible: lives('temporal'),
    strike: (world) => kill(world.service('temporal')),
  },
  'all slots': {
    oneSlot: false,
    breaks: true,
    isPossible: slotLives,
    strike: killAllSlots,
  },
  everything: {
    oneSlot: false,
    breaks: true,
    isPossible: (world) => world.areServicesReady,
    strike(world) {
      killAllSlots(world);
      kill(...world.serviceNames.map((name) => world.service(name)));
    },
  },
  'full disk': {
    oneSlot: false,
    breaks: false,
    isPossible: async (world) => (await world.journal()).length > 0,
    async strike(world) {
      const file = await open(world.home.path(FILLER), 'w');
      const block = Buffer.alloc(2 ** 20);
      try {
        for (;;) await file.write(block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        await file.close();
      }
      return () => rm(world.home.path(FILLER), { force: true });
    },
  },
  'corrupt checkpoint': {
    oneSlot: false,
    breaks: true,
    isPossible: async (world, slot) =>
      slotLives(world, slot) && (await newestCheckpoint(world)) !== undefined,
    async strike(world) {
      killAllSlots(world);
      const path = await newestCheckpoint(world);
      if (path === undefined) return;
      const file = await open(path, 'r+');
      const { size } = await file.stat();
      await file.write(Buffer.from('damaged'), 0, 7, Math.floor(size / 2));
      await file.close();
    },
  },
  'slot taken away': {
    oneSlot: true,
    breaks: true,
    isPossible: slotLives,
    async strike(world, slot) {
      const pool = world.client.workflow.getHandle(workflowIds.slotPool('default'));
      const number = Number(slot.slice('slot-'.length));
      const { queue } = (await pool.query(slotsQuery)).find((entry) => entry.slot.number === number)!.slot;
      await pool.signal(drainSignal, { queue, drain: true });
      kill(world.service(slot));
      return () => pool.signal(drainSignal, { queue, drain: false });
    },
  },
} satisfies Record<string, Attack>;
export type AttackName = keyof typeof ATTACKS;

async function newestCheckpoint(world: World): Promise<string | undefined> {
  const runId = await world.runId();
  const [newest] = runId === undefined ? [] : await checkpointsOf(world.home, runId);
  return newest === undefined ? undefined : world.home.path(newest);
}
