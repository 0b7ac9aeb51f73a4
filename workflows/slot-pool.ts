import {
  allHandlersFinished,
  condition,
  continueAsNew,
  ApplicationFailure,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  type SignalDefinition,
} from '@temporalio/workflow';
import type { z } from 'zod';
import type { EntityActivities } from '../activities/entities.ts';
import {
  drainRequest,
  leaseReference,
  leaseRequest,
  slotLease,
  slotPoolInput,
  slotSession,
  slotRegistration,
  type SlotLease,
  type SlotPoolState,
  type SlotSession,
} from '../src/contracts/slot-pool.ts';
import { BadInputError, counted, describeIssues } from '../src/errors.ts';
import { parseInput, refusal } from '../src/temporal/input.ts';
import {
  drainSignal,
  leasesQuery,
  leaseUpdate,
  leaveSignal,
  registerSlotSignal,
  releaseLeaseSignal,
  renewLeaseSignal,
  slotLostSignal,
  slotGoneSignal,
  slotsQuery,
  waitingQuery,
} from '../src/temporal/messages.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import { Herald } from './herald.ts';
import { isHistoryLong } from './history.ts';
import { answerTo, freeSlots, grant, waitOf } from './slot-pool-grants.ts';
import * as rules from './slot-pool-state.ts';
import { table } from './markdown.ts';

/** A request that has not been granted is answered after so long, so that few updates are ever open. */
const ANSWER_AFTER = '20 seconds';
/** Owners are looked up at most so often, and only while somebody waits for what they hold. */
const RECLAIM_EVERY_MS = 10_000;
/** Registrations alone fill a history, and a restarted worker replays it whole: some ten minutes of two slots. */
const EVENTS_BEFORE_CONTINUING = 500;

const { closedOwners } = proxyActivities<EntityActivities>({
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: '15 seconds',
  // The answer is only worth having now; the next round asks again.
  retry: { maximumAttempts: 1 },
});

/** The entity that knows the slots and leases them: all that a run wants or none, first come, first served. */
export async function slotPoolWorkflow(raw?: unknown, carried?: SlotPoolState): Promise<never> {
  const settings = parseInput(slotPoolInput, raw, WORKFLOWS.slotPool);
  const pool = carried ?? rules.emptyPool();
  const inbox: ((now: number) => void)[] = [];
  let leaving = false;
  const herald = new Herald();
  let lastReclaim = 0;

  const accept = <Message>(
    signal: SignalDefinition<[Message]>,
    schema: z.ZodType<Message>,
    apply: (message: Message, now: number) => void,
  ) =>
    setHandler(signal, (message) => {
      const parsed = schema.safeParse(message);
      if (parsed.success) inbox.push((now) => apply(parsed.data, now));
      else log.warn(`A signal ${signal.name} was dropped`, { reason: describeIssues(parsed.error.issues) });
    });

  accept(registerSlotSignal, slotRegistration, (message, now) => {
    const before = pool.slots.find(({ slot }) => slot.queue === message.slot.queue);
    const lease = rules.register(pool, message, now);
    if (lease && before) tellOwner(lease, { queue: message.slot.queue, session: before.session });
  });
  accept(leaveSignal, slotSession, (message) => rules.leave(pool, message));
  accept(slotLostSignal, slotSession, (message, now) => rules.markLost(pool, message, now));
  accept(drainSignal, drainRequest, (message) => rules.drain(pool, message));
  accept(renewLeaseSignal, slotLease, (lease, now) => {
    for (const { queue, session } of rules.renew(pool, lease, now, settings))
      tellOwner(lease, { queue, session });
  });
  accept(releaseLeaseSignal, leaseReference, (message) => rules.release(pool, message));
  setHandler(
    leaseUpdate,
    async (request) => {
      inbox.push(() => rules.ask(pool, request));
      await condition(() => leaving || rules.grantedTo(pool, request) !== undefined, ANSWER_AFTER);
      return answerTo(pool, request);
    },
    {
      validator: (request) => {
        const reason = refusal(leaseRequest, request);
        if (reason)
          throw ApplicationFailure.nonRetryable(`The lease request is wrong: ${reason}.`, BadInputError.name);
      },
    },
  );
  setHandler(slotsQuery, () => pool.slots);
  setHandler(leasesQuery, () => pool.leases);
  setHandler(waitingQuery, () =>
    pool.waiting.map((request) => ({ ...request, wait: waitOf(pool, request) })),
  );

  describe(pool);
  while (!isHistoryLong(EVENTS_BEFORE_CONTINUING)) {
    // No timer: live slots register every few seconds, and without live slots there is nothing to lease.
    await condition(() => inbox.length > 0);
    act();
    await reclaimFromClosed();
  }
  leaving = true;
  do {
    await condition(() => allHandlersFinished() && herald.isDone);
    act();
  } while (!herald.isDone);
  return continueAsNew<typeof slotPoolWorkflow>(settings, pool);

  function act(): void {
    const now = Date.now();
    for (const apply of inbox.splice(0)) apply(now);
    rules.expire(pool, now, settings);
    grant(pool, now, settings);
    describe(pool);
  }

  /** Sooner than by a heartbeat that stops, which is all that a ring of one, or one whose slots all died, goes by. */
  function tellOwner({ owner }: SlotLease, gone: SlotSession): void {
    herald.tell(owner.workflowId, slotGoneSignal, gone);
  }

  async function reclaimFromClosed(): Promise<void> {
    if (pool.waiting.length === 0 || pool.leases.length === 0) return;
    if (Date.now() - lastReclaim < RECLAIM_EVERY_MS) return;
    lastReclaim = Date.now();
    const owners = [...pool.leases, ...pool.waiting].map(({ owner }) => owner);
    rules.reclaim(pool, await closedOwners({ owners }).catch(() => []));
    act();
  }
}

function describe(pool: SlotPoolState): void {
  const holder = (queue: string) => rules.holderOf(pool, queue)?.owner.workflowId ?? '';
  const rows = pool.slots.map(({ slot, draining, lost }) => [
    slot.queue,
    slot.device,
    slot.kernel ?? '–',
    `${slot.threads}`,
    `${Math.round(slot.memoryMb)} MB`,
    lost ? 'lost' : draining ? 'draining' : holder(slot.queue) ? 'leased' : 'free',
    holder(slot.queue),
  ]);
  const queue = pool.waiting.map((request) => {
    const { free, suitable, passedOver } = waitOf(pool, request);
    const reasons = passedOver.map(({ queue: name, why }) => `${name} ${why}`).join('; ');
    return [request.owner.workflowId, `${request.count}`, `${suitable}`, `${free}`, reasons || '–'];
  });
  setCurrentDetails(
    [
      `**${counted(pool.slots.length, 'slot')}, ${freeSlots(pool).length} free, ${pool.waiting.length} waiting**`,
      table(['slot', 'device', 'kernel', 'threads', 'memory', 'state', 'held by'], rows),
      ...(queue.length > 0 ? [table(['waiting', 'wants', 'suit', 'free', 'passed over'], queue)] : []),
    ].join('\n\n'),
  );
}
