import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { SlotRecord } from '../src/contracts/training.ts';
import { messageOf } from '../src/errors.ts';
import type { Logger } from '../src/stages/context.ts';
import { leaveSignal, registerSlotSignal } from '../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../src/temporal/names.ts';

/** A third of the pool's patience. */
const REGISTER_EVERY_MS = 10_000;
/** After a ring broke the pool may hold this slot for lost: it is told so often, for so long, that it lives. */
const HURRY_EVERY_MS = 1500;
const HURRY_MS = 12_000;
/** A process that stood still for so long was given up by its ring and by the server. */
const PAUSED_MS = 6000;
const TICK_MS = 500;
const POOL = 'default';

/** Keeps a slot known to its pool, starting the pool where it does not run. */
export class SlotRegistration {
  private readonly client: Client;
  private readonly slot: SlotRecord;
  private readonly log: Logger;
  private readonly workflowId = workflowIds.slotPool(POOL);
  private session = randomUUID();
  private timer: NodeJS.Timeout | undefined;
  private dueAt = 0;
  private hurryUntil = 0;
  private lastTick = 0;

  constructor(client: Client, slot: SlotRecord, log: Logger) {
    this.client = client;
    this.slot = slot;
    this.log = log;
  }

  async start(): Promise<void> {
    await this.register();
    this.lastTick = this.dueAt = performance.now();
    this.dueAt += REGISTER_EVERY_MS;
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** Says sooner than usual that the slot lives. */
  hurry(): void {
    this.hurryUntil = performance.now() + HURRY_MS;
    this.dueAt = 0;
  }

  /** Takes the slot out of the pool. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.client.workflow
      .getHandle(this.workflowId)
      .signal(leaveSignal, { queue: this.slot.queue, session: this.session });
  }

  private tick(): void {
    const now = performance.now();
    if (now - this.lastTick > PAUSED_MS) {
      // What the slot had in hand is void; the pool takes a new session for what it is, a slot that begins anew.
      this.log.warn({ seconds: Math.round((now - this.lastTick) / 1000) }, 'this process had been paused');
      this.session = randomUUID();
      this.hurry();
    }
    this.lastTick = now;
    if (now < this.dueAt) return;
    this.dueAt = now + (now < this.hurryUntil ? HURRY_EVERY_MS : REGISTER_EVERY_MS);
    this.register().catch((error: unknown) =>
      this.log.warn({ reason: messageOf(error) }, 'the slot pool was not reached'),
    );
  }

  private async register(): Promise<void> {
    await this.client.workflow.signalWithStart(WORKFLOWS.slotPool, {
      workflowId: this.workflowId,
      taskQueue: PIPELINE_QUEUE,
      args: [],
      signal: registerSlotSignal,
      signalArgs: [{ slot: this.slot, session: this.session }],
      staticSummary: 'Who trains: the slots and their leases',
    });
  }
}
