import {
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { EntityActivities } from '../activities/entities.ts';
import type { LeasedSlot, LeaseRequest, SlotLease, SlotSession } from '../src/contracts/slot-pool.ts';
import type { RingTrainingInput } from '../src/contracts/training.ts';
import { releaseLeaseSignal, renewLeaseSignal, slotLostSignal } from '../src/temporal/messages.ts';
import { workflowIds } from '../src/temporal/names.ts';

const RENEW_EVERY = '30 seconds';
const { leaseSlots } = proxyActivities<EntityActivities>({
  // Waiting for slots is no failure, however long it takes.
  startToCloseTimeout: '30 days',
  // Asking again costs nothing, and a run whose worker died waits for no more than that.
  heartbeatTimeout: '6 seconds',
});

/** The slots that a run holds: kept while its ring breaks and is formed anew, given back when it ends or pauses. */
export class HeldLease {
  private readonly input: RingTrainingInput;
  private readonly pool: ReturnType<typeof getExternalWorkflowHandle>;
  private lease: SlotLease | null;
  /** The request that is with the pool, granted or not. */
  private asked: string | null = null;
  /** Slots of the lease that are of no use any more. */
  private readonly lost = new Set<string>();

  constructor(input: RingTrainingInput, carried: SlotLease | null = null) {
    this.input = input;
    this.lease = carried;
    this.pool = getExternalWorkflowHandle(workflowIds.slotPool(input.pool));
  }

  /** Nothing is lost, and a ring that has shrunk may not grow again. */
  get isWhole(): boolean {
    return this.lease?.slots.length === this.input.settings.ringSize && this.lost.size === 0;
  }

  /** Hands the lease over to the run that this one continues as. */
  carry(): SlotLease | null {
    const { lease } = this;
    this.lease = this.asked = null;
    return lease;
  }

  /**
   * All slots that the ring wants, in the order of their ranks. What is still usable of the lease before keeps its
   * rank; the pool puts others where one was lost, in one act, so that nobody takes the rest meanwhile.
   */
  async obtain(epoch: number, numerics: string | null): Promise<LeasedSlot[]> {
    if (this.lease && this.isWhole) return this.lease.slots;
    // A pool that was started anew since has to know what is to be replaced.
    if (this.lease) await this.tellPool(renewLeaseSignal, this.lease);
    const { pool, settings } = this.input;
    // Nobody waits again for slots that did not come the last time.
    const shrunk = this.lease !== null && this.lost.size === 0;
    const shrink = settings.elastic ? (shrunk ? 'at once' : 'patiently') : 'never';
    for (let count = settings.ringSize; ;) {
      const request = this.requestFor(epoch, count, numerics);
      this.asked = request.requestId;
      const outcome = await leaseSlots({ pool, request, epoch, shrink });
      if (outcome.lease) {
        this.lease = outcome.lease;
        this.lost.clear();
        return outcome.lease.slots;
      }
      count = outcome.suitable;
      if (shrink === 'patiently')
        log.warn('No spare slot came: the ring re-forms smaller, and its bits may differ', { slots: count });
    }
  }

  /** Says that a slot could not be reached; the pool believes it again when it hears of it. */
  async lose(slot: SlotSession): Promise<void> {
    this.noteGone(slot);
    await this.tellPool(slotLostSignal, { queue: slot.queue, session: slot.session });
  }

  noteGone(slot: SlotSession): void {
    const mine = this.lease?.slots.some((each) => keyOf(each) === keyOf(slot));
    if (mine) this.lost.add(keyOf(slot));
  }

  isGone(slot: SlotSession): boolean {
    return this.lost.has(keyOf(slot));
  }

  async keepRenewed(): Promise<never> {
    for (;;) {
      await sleep(RENEW_EVERY);
      if (this.lease) await this.tellPool(renewLeaseSignal, this.lease);
    }
  }

  /** Also when the run is cancelled: what is taken is given back. */
  async giveBack(): Promise<void> {
    const requests = new Set([this.asked, this.lease?.requestId]);
    this.lease = this.asked = null;
    this.lost.clear();
    await CancellationScope.nonCancellable(async () => {
      for (const requestId of requests) {
        if (requestId) await this.tellPool(releaseLeaseSignal, { requestId });
      }
    });
  }

  private requestFor(epoch: number, count: number, numerics: string | null): LeaseRequest {
    const { workflowId, firstExecutionRunId: firstRunId } = workflowInfo();
    const { mixed, device } = this.input.settings;
    return {
      requestId: `${workflowId}/${firstRunId}/${epoch}/${count}`,
      owner: { workflowId, firstRunId },
      count,
      device,
      mixed,
      ...(numerics === null ? {} : { numerics }),
      ...(this.lease ? { replaces: this.lease.requestId } : {}),
    };
  }

  /** A pool that does not run has nothing to be told; it is started by the slots and by the next lease. */
  private async tellPool(...message: Parameters<typeof this.pool.signal>): Promise<void> {
    await this.pool.signal(...message).catch((error: unknown) => {
      if (isCancellation(error)) throw error;
    });
  }
}

const keyOf = ({ queue, session }: SlotSession) => `${queue}\n${session}`;
