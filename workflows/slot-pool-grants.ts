import type {
  LeaseAnswer,
  LeaseRequest,
  LeaseWait,
  PassedOverSlot,
  PooledSlot,
  SlotPoolInput,
  SlotPoolState,
} from '../src/contracts/slot-pool.ts';
import { grantedTo, holderOf, isUsable, release } from './slot-pool-state.ts';

/** Who gets which slots, and what the others are told. */

/** Reasons are for people, and travel in every answer. */
const LONGEST_LIST = 16;

/**
 * First come, first served, all or none; who replaces a lease stands before who has none. A request for more slots
 * than could ever suit it waits for them without holding up those behind it.
 */
export function grant(pool: SlotPoolState, now: number, rules: SlotPoolInput): void {
  for (const request of pool.waiting) {
    if (alike(suitableSlots(pool, request), request).length < request.count) continue;
    const slots = slotsFor(pool, request);
    if (slots.length < request.count) return;
    release(pool, request);
    if (request.replaces !== undefined) release(pool, { requestId: request.replaces });
    takeFromIdleLeases(pool, slots);
    pool.leases.push({
      requestId: request.requestId,
      owner: request.owner,
      slots: slots.map(({ slot, session }) => ({ ...slot, session })),
      expiresAt: now + rules.leaseSeconds * 1000,
    });
  }
}

export function answerTo(pool: SlotPoolState, request: LeaseRequest): LeaseAnswer {
  const lease = grantedTo(pool, request);
  return lease ? { state: 'granted', lease } : { state: 'waiting', ...waitOf(pool, request) };
}

/** What a request that is not granted yet waits for. */
export function waitOf(pool: SlotPoolState, request: LeaseRequest): LeaseWait {
  const place = pool.waiting.findIndex(({ requestId }) => requestId === request.requestId);
  const passedOver = pool.slots.flatMap((entry): PassedOverSlot[] => {
    const why = whyNot(pool, request, entry);
    return why === undefined ? [] : [{ queue: entry.slot.queue, why }];
  });
  return {
    position: Math.max(0, place) + 1,
    free: freeFor(pool, request).length,
    suitable: alike(suitableSlots(pool, request), request).length,
    known: pool.slots.length,
    passedOver: passedOver.slice(0, LONGEST_LIST),
  };
}

export const freeSlots = (pool: SlotPoolState): PooledSlot[] =>
  pool.slots.filter((entry) => isUsable(entry) && !holderOf(pool, entry.slot.queue));

/** What suits a request, whoever holds it. */
const suitableSlots = (pool: SlotPoolState, request: LeaseRequest) =>
  pool.slots.filter((entry) => isUsable(entry) && misfit(request, entry) === undefined);

const freeFor = (pool: SlotPoolState, request: LeaseRequest) =>
  alike(suitableSlots(pool, request).filter(isFree(pool, request)), request);

/**
 * What the request gets now. Ranks that are still usable keep their place, so that who goes on keeps its part of every
 * sequence; the gaps are filled with those that runs have lost least.
 */
function slotsFor(pool: SlotPoolState, request: LeaseRequest): PooledSlot[] {
  const free = freeFor(pool, request);
  const before = pool.leases.find(({ requestId }) => requestId === request.replaces)?.slots ?? [];
  const kept = before.map(({ queue }) => free.find(({ slot }) => slot.queue === queue));
  const spares = [
    ...kept.slice(request.count).filter((entry) => entry !== undefined),
    ...free
      .filter((entry) => !kept.includes(entry))
      .toSorted((a, b) => a.losses - b.losses || a.lostAt - b.lostAt),
  ];
  return Array.from({ length: request.count }, (_, rank) => kept[rank] ?? spares.shift()).filter(
    (entry) => entry !== undefined,
  );
}

/**
 * Free is what nobody holds, what the request itself holds, and what a run holds that waits behind it: its ring does
 * not run. Two runs that each hold what the other wants would otherwise wait for ever.
 */
function isFree(pool: SlotPoolState, request: LeaseRequest): (entry: PooledSlot) => boolean {
  const own = pool.waiting.findIndex(({ requestId }) => requestId === request.requestId);
  const behind = own < 0 ? [] : pool.waiting.slice(own);
  const idle = new Set(behind.map(({ replaces }) => replaces));
  return ({ slot }) => {
    const holder = holderOf(pool, slot.queue);
    return holder === undefined || holder.requestId === request.replaces || idle.has(holder.requestId);
  };
}

/** Slots that were taken from runs which wait leave their leases; what is left stays theirs. */
function takeFromIdleLeases(pool: SlotPoolState, taken: readonly PooledSlot[]): void {
  const queues = new Set(taken.map(({ slot }) => slot.queue));
  pool.leases = pool.leases
    .map((lease) => ({ ...lease, slots: lease.slots.filter(({ queue }) => !queues.has(queue)) }))
    .filter(({ slots }) => slots.length > 0);
}

function whyNot(pool: SlotPoolState, request: LeaseRequest, entry: PooledSlot): string | undefined {
  if (entry.lost) return 'could not be reached';
  if (entry.draining) return 'is being drained';
  const reason = misfit(request, entry);
  if (reason !== undefined) return reason;
  if (!alike(suitableSlots(pool, request), request).includes(entry))
    return `computes with ${entry.slot.numerics}, most do not`;
  if (isFree(pool, request)(entry)) return undefined;
  return `is held by ${holderOf(pool, entry.slot.queue)!.owner.workflowId}`;
}

/** Why a slot does not suit what is asked for, however idle it is. */
function misfit({ numerics, mixed, device }: LeaseRequest, { slot }: PooledSlot): string | undefined {
  if (device !== undefined && device !== 'any' && !slot.device.startsWith(device))
    return `is ${slot.device}, ${device} is asked for`;
  if (numerics !== undefined && mixed !== true && slot.numerics !== numerics)
    return `computes with ${slot.numerics}, the run began with ${numerics}`;
  return undefined;
}

/** The largest number that may share a ring: slots that compute alike, or the same run would not give the same bits. */
function alike(entries: PooledSlot[], { mixed }: LeaseRequest): PooledSlot[] {
  if (mixed) return entries;
  const groups = Map.groupBy(entries, ({ slot }) => slot.numerics);
  return [...groups.values()].sort((a, b) => b.length - a.length)[0] ?? [];
}
