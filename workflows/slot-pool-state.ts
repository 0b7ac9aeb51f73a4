import type {
  LeaseAnswer,
  LeaseOwner,
  LeaseRequest,
  PooledSlot,
  SlotLease,
  SlotPoolInput,
  SlotPoolState,
  SlotRegistration,
  SlotSession,
} from '../src/contracts/slot-pool.ts';

/** The rules of a slot pool, as plain functions over its state; times are milliseconds since 1970. */
export const emptyPool = (): SlotPoolState => ({ slots: [], leases: [], waiting: [] });

export function register(pool: SlotPoolState, { slot, session }: SlotRegistration, now: number): void {
  const known = pool.slots.find((other) => other.slot.queue === slot.queue);
  const sameProcess = known?.session === session;
  const entry: PooledSlot = {
    slot,
    session,
    lastSeen: now,
    draining: known?.draining ?? false,
    // A run that could not reach it is believed until its process has started anew.
    lost: sameProcess ? known.lost : false,
  };
  pool.slots = [...pool.slots.filter((other) => other !== known), entry].sort(byQueue);
}

export function leave(pool: SlotPoolState, gone: SlotSession): void {
  pool.slots = pool.slots.filter((entry) => !isSession(entry, gone));
}

/** Says nothing of a process that was started since. */
export function markLost(pool: SlotPoolState, lost: SlotSession): void {
  for (const entry of pool.slots) if (isSession(entry, lost)) entry.lost = true;
}

export function drain(pool: SlotPoolState, request: { queue: string; drain: boolean }): void {
  for (const entry of pool.slots) if (entry.slot.queue === request.queue) entry.draining = request.drain;
}

/** A repeated request keeps its place. */
export function ask(pool: SlotPoolState, request: LeaseRequest): void {
  if (grantedTo(pool, request) || pool.waiting.some(({ requestId }) => requestId === request.requestId))
    return;
  pool.waiting.push(request);
}

/** A pool that was started anew takes a lease over as it is; slots that others hold by now stay with them. */
export function renew(pool: SlotPoolState, lease: SlotLease, now: number, rules: SlotPoolInput): void {
  const expiresAt = now + rules.leaseSeconds * 1000;
  const known = pool.leases.find(({ requestId }) => requestId === lease.requestId);
  if (known) known.expiresAt = expiresAt;
  else if (!lease.slots.some(({ queue }) => isLeased(pool, queue))) pool.leases.push({ ...lease, expiresAt });
}

export function release(pool: SlotPoolState, { requestId }: { requestId: string }): void {
  pool.leases = pool.leases.filter((lease) => lease.requestId !== requestId);
  pool.waiting = pool.waiting.filter((request) => request.requestId !== requestId);
}

/** Forgets slots that have fallen silent and leases that nobody renewed. */
export function expire(pool: SlotPoolState, now: number, rules: SlotPoolInput): void {
  pool.slots = pool.slots.filter(({ lastSeen }) => now - lastSeen <= rules.ttlSeconds * 1000);
  pool.leases = pool.leases.filter(({ expiresAt }) => expiresAt > now);
}

export function reclaim(pool: SlotPoolState, closed: readonly LeaseOwner[]): void {
  const gone = new Set(closed.map(ownerKey));
  pool.leases = pool.leases.filter(({ owner }) => !gone.has(ownerKey(owner)));
  pool.waiting = pool.waiting.filter(({ owner }) => !gone.has(ownerKey(owner)));
}

/**
 * First come, first served, all or none. A request for more slots than the pool knows at all waits for them without
 * holding up those behind it.
 */
export function grant(pool: SlotPoolState, now: number, rules: SlotPoolInput): void {
  for (const request of pool.waiting) {
    if (largestGroup(pool.slots.filter(isUsable)).length < request.count) continue;
    const slots = largestGroup(freeSlots(pool)).slice(0, request.count);
    if (slots.length < request.count) return;
    pool.waiting = pool.waiting.filter((other) => other !== request);
    pool.leases.push({
      requestId: request.requestId,
      owner: request.owner,
      slots: slots.map(({ slot, session }) => ({ ...slot, session })),
      expiresAt: now + rules.leaseSeconds * 1000,
    });
  }
}

export function grantedTo(
  pool: SlotPoolState,
  { requestId }: Pick<LeaseRequest, 'requestId'>,
): SlotLease | undefined {
  return pool.leases.find((lease) => lease.requestId === requestId);
}

export function answerTo(pool: SlotPoolState, request: LeaseRequest): LeaseAnswer {
  const lease = grantedTo(pool, request);
  if (lease) return { state: 'granted', lease };
  return {
    state: 'waiting',
    position:
      1 +
      Math.max(
        0,
        pool.waiting.findIndex(({ requestId }) => requestId === request.requestId),
      ),
    free: freeSlots(pool).length,
    known: pool.slots.length,
  };
}

export function freeSlots(pool: SlotPoolState): PooledSlot[] {
  return pool.slots.filter((entry) => isUsable(entry) && !isLeased(pool, entry.slot.queue));
}

const isSession = (entry: PooledSlot, { queue, session }: SlotSession) =>
  entry.slot.queue === queue && entry.session === session;

const isUsable = ({ draining, lost }: PooledSlot) => !draining && !lost;

const isLeased = (pool: SlotPoolState, queue: string) =>
  pool.leases.some(({ slots }) => slots.some((slot) => slot.queue === queue));

/** Slots of one ring must compute alike, or the same run would not give the same bits. */
function largestGroup(entries: PooledSlot[]): PooledSlot[] {
  const groups = Map.groupBy(entries, ({ slot }) => slot.numerics);
  return [...groups.values()].sort((a, b) => b.length - a.length)[0] ?? [];
}

const ownerKey = ({ workflowId, firstRunId }: LeaseOwner) => `${workflowId}\n${firstRunId}`;

const byQueue = (a: PooledSlot, b: PooledSlot) => (a.slot.queue < b.slot.queue ? -1 : 1);
